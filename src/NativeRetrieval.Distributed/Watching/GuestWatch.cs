using NativeRetrieval.Distributed.Joining;

namespace NativeRetrieval.Distributed.Watching;

/// <summary>The watch of every other rank: it hears rank 0 alone, and believes it.</summary>
internal sealed class GuestWatch : Watch
{
    readonly ControlLink _host;
    readonly TaskCompletionSource<Roster> _roster = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public GuestWatch(TcpGroupOptions options, Fault fault, ControlLink host) : base(options, fault)
    {
        _host = host;
        Add(host);
        fault.Token.Register(() => _roster.TrySetCanceled());
    }

    /// <summary>The addresses of all, once all have come; cancelled where the job fails before.</summary>
    public Task<Roster> Roster => _roster.Task;

    public override void Accuse(Accusation accusation)
    {
        if (!_host.HasLeft && _host.TrySend(Frame.Of(FrameKind.Accusation, accusation)))
            Fault.Wait(Options.HeartbeatLimit + 2 * Options.Heartbeat);
        else if (!_host.HasLeft) Fault.Wait(Options.Heartbeat);
        Fault.Set(_host.HasLeft
            ? new(0, $"{_host.Peer} left the job while others still had work for it")
            : new(accusation.Rank, $"rank {accusation.Rank}: {accusation.Reason}; rank 0 cannot be asked what happened"));
    }

    protected override void OnFrame(ControlLink link, Frame frame)
    {
        if (frame.Kind == FrameKind.Verdict) Fault.Set(frame.Read<Verdict>());
        else if (frame.Kind == FrameKind.Roster) _roster.TrySetResult(frame.Read<Roster>());
        else throw new WireException($"{frame.Kind} is no message of rank 0");
    }

    protected override void OnGoodbye(ControlLink link)
    {
    }

    protected override void OnBroken(ControlLink link) => Fault.Set(new(0,
        $"{link.Peer} ended without a word: it was killed, crashed, or its machine ran out of memory; its own output may say more"));

    protected override void OnSilence(ControlLink link) => Fault.Set(new(0,
        $"{link.Peer} gave no sign of life for {HostWatch.Seconds(Options.HeartbeatLimit.TotalSeconds)}: its machine or the network hangs, "
        + "or it was stopped"));

    protected override void OnBeat(Heartbeat own)
    {
    }
}
