using System.Diagnostics;
using System.Globalization;

namespace NativeRetrieval.Distributed.Watching;

/// <summary>Rank 0's watch: it hears all others, decides who is at fault, and tells everybody the same.</summary>
internal sealed class HostWatch(TcpGroupOptions options, Fault fault) : Watch(options, fault)
{
    readonly Lock _deciding = new();
    readonly Dictionary<int, Member> _members = new() { [0] = Member.Here(0) };
    readonly HashSet<int> _left = [];
    readonly List<(int Accuser, Accusation Accusation)> _differing = [];
    long _differSince;

    /// <summary>Takes a rank in. One that comes after the job's end learns of it.</summary>
    /// <param name="isKnown">False for one whose name is another's already.</param>
    public void Take(ControlLink link, bool isKnown)
    {
        lock (_deciding)
        {
            if (isKnown) _members[link.Peer.Rank] = link.Peer;
            Add(link);
            if (Fault.Failure is { } failure) link.TrySend(Frame.Of(FrameKind.Verdict, new Verdict(failure.Rank, failure.Message)));
        }
    }

    /// <summary>Sends a message to all.</summary>
    public void Send(Frame frame)
    {
        foreach (var link in Links) link.TrySend(frame);
    }

    /// <summary>Ends the job on all ranks.</summary>
    public void Decide(Verdict verdict)
    {
        lock (_deciding)
        {
            if (Fault.Failure is not null) return;
            Send(Frame.Of(FrameKind.Verdict, verdict));
            Fault.Set(verdict);
        }
    }

    public override void Accuse(Accusation accusation)
    {
        Judge(0, accusation);
        Fault.Wait(Options.HeartbeatLimit);
        Decide(new(null, $"the ranks cannot agree who is at fault: {accusation.Reason}"));
    }

    protected override void OnFrame(ControlLink link, Frame frame)
    {
        if (frame.Kind != FrameKind.Accusation) throw new WireException($"{frame.Kind} is no message to rank 0");
        Judge(link.Peer.Rank, frame.Read<Accusation>());
    }

    protected override void OnGoodbye(ControlLink link)
    {
        lock (_deciding) _left.Add(link.Peer.Rank);
    }

    protected override void OnBroken(ControlLink link) => Decide(Ended(link.Peer.Rank));

    protected override void OnSilence(ControlLink link) => Decide(new(link.Peer.Rank,
        $"{link.Peer} gave no sign of life for {Seconds(Options.HeartbeatLimit.TotalSeconds)}: its machine or the network hangs, or it "
        + "was stopped"));

    protected override void OnBeat(Heartbeat own)
    {
        lock (_deciding)
            if (_differing.Count > 0 && Stopwatch.GetElapsedTime(_differSince) > Options.HeartbeatLimit / 4) DecideDifference();
        Heartbeat[] all = [own, .. Links.Select(link => link.Progress)];
        if (all.All(one => one.BlockedSeconds <= Options.CallLimit.TotalSeconds)) return;
        string waited = Seconds(Options.CallLimit.TotalSeconds);
        (long behind, long ahead) = (all.Min(one => one.Called), all.Max(one => one.Called));
        if (behind == ahead)
        {
            Decide(new(null, $"all ranks have been in collective {ahead} for more than {waited}: the network between them hangs"));
            return;
        }
        var late = own.Called == behind ? Of(0) : Links.First(link => link.Progress.Called == behind).Peer;
        Decide(new(late.Rank, string.Create(CultureInfo.InvariantCulture,
            $"{late} hangs: others have waited more than {waited} in collective {ahead}, while it has called {behind}")));
    }

    void Judge(int accuser, Accusation accusation)
    {
        switch (accusation.Kind)
        {
            case AccusationKind.GaveUp:
                Decide(new(accuser, $"{Of(accuser)} gave up: {accusation.Reason}"));
                break;
            case AccusationKind.Lost:
                Decide(Ended(accusation.Rank));
                break;
            default:
                lock (_deciding)
                {
                    if (_differing.Count == 0) _differSince = Stopwatch.GetTimestamp();
                    _differing.Add((accuser, accusation));
                    // The one that differs accuses its neighbour, and is accused by its other one, which may be busy.
                    if (_differing.Count > 1) DecideDifference();
                }
                break;
        }
    }

    void DecideDifference()
    {
        var counts = _differing.SelectMany(one => (int[])[one.Accuser, one.Accusation.Rank]).CountBy(rank => rank).ToList();
        int most = counts.Max(pair => pair.Value);
        // Two ranks accuse each other: rank 0's word counts.
        int guilty = counts.Where(pair => pair.Value == most).Max(pair => pair.Key);
        string reason = (_differing.Find(one => one.Accusation.Rank == guilty).Accusation ?? _differing[0].Accusation).Reason;
        Decide(new(guilty, $"{Of(guilty)} disagrees with the others: {reason}"));
    }

    Verdict Ended(int rank)
    {
        lock (_deciding)
            return new(rank, _left.Contains(rank)
                ? $"{Of(rank)} left the job while others still had work for it"
                : $"{Of(rank)} ended without a word: it was killed, crashed, or its machine ran out of memory; its own output may say "
                    + "more");
    }

    Member Of(int rank)
    {
        lock (_deciding) return _members.GetValueOrDefault(rank) ?? new(rank, "unknown", 0);
    }

    internal static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.###} s");
}
