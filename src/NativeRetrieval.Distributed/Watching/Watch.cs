using System.Diagnostics;
using System.Net.Sockets;
using NativeRetrieval.Core.Distributed;

namespace NativeRetrieval.Distributed.Watching;

/// <summary>
/// The thread that keeps the connections between rank 0 and the others: it sends signs of life, and finds out who gives none any more.
/// It shares nothing with the threads that compute, so that a busy rank does not pass for a dead one.
/// </summary>
internal abstract class Watch : IDisposable
{
    /// <summary>The time that a goodbye may take; after it the connection is cut.</summary>
    static readonly TimeSpan _parting = TimeSpan.FromSeconds(2);

    readonly Lock _lock = new();
    readonly List<ControlLink> _links = [];
    readonly List<Func<GroupProgress>> _progress = [];
    readonly Thread _thread;
    volatile bool _leaving;
    long _leftAt;

    protected Watch(TcpGroupOptions options, Fault fault)
    {
        (Options, Fault) = (options, fault);
        _thread = new(Loop) { IsBackground = true, Name = "NativeRetrieval watch" };
    }

    protected TcpGroupOptions Options { get; }

    protected Fault Fault { get; }

    /// <summary>Connections that have not ended.</summary>
    protected ControlLink[] Links
    {
        get
        {
            lock (_lock) return [.. _links];
        }
    }

    public void Start() => _thread.Start();

    public void Add(ControlLink link)
    {
        lock (_lock) _links.Add(link);
    }

    public void Add(Func<GroupProgress> progress)
    {
        lock (_lock) _progress.Add(progress);
    }

    /// <summary>Reports a fault and waits until the job has ended on this rank.</summary>
    public abstract void Accuse(Accusation accusation);

    /// <summary>Says goodbye to all and ends the thread.</summary>
    public void Dispose()
    {
        if (_leaving) return;
        _leftAt = Stopwatch.GetTimestamp();
        _leaving = true;
        foreach (var link in Links)
        {
            link.TrySend(Frame.Of(FrameKind.Goodbye, Options.Rank));
            try
            {
                link.Socket.Shutdown(SocketShutdown.Send);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
            }
        }
        if (_thread.IsAlive) _thread.Join();
        foreach (var link in Links) link.Dispose();
    }

    protected abstract void OnFrame(ControlLink link, Frame frame);

    /// <summary>The other side's work is done.</summary>
    protected abstract void OnGoodbye(ControlLink link);

    /// <summary>The connection ended without a goodbye, or brought what no rank sends.</summary>
    protected abstract void OnBroken(ControlLink link);

    /// <summary>Nothing came for longer than the limit.</summary>
    protected abstract void OnSilence(ControlLink link);

    /// <summary>Called once for each heartbeat.</summary>
    protected abstract void OnBeat(Heartbeat own);

    void Loop()
    {
        long last = 0;
        while (true)
        {
            var links = Links;
            if (_leaving && (links.Length == 0 || Stopwatch.GetElapsedTime(_leftAt) > _parting)) return;
            foreach (var link in Readable(links)) Read(link);
            if (_leaving || Stopwatch.GetElapsedTime(last) < Options.Heartbeat) continue;
            last = Stopwatch.GetTimestamp();
            Beat();
        }
    }

    void Beat()
    {
        var own = Own();
        foreach (var link in Links)
        {
            link.TrySend(Frame.Of(FrameKind.Heartbeat, own));
            if (Stopwatch.GetElapsedTime(link.LastHeard) > Options.HeartbeatLimit) OnSilence(link);
        }
        OnBeat(own);
    }

    /// <summary>This rank's progress over all transports.</summary>
    Heartbeat Own()
    {
        Func<GroupProgress>[] sources;
        lock (_lock) sources = [.. _progress];
        GroupProgress[] all = [.. sources.Select(source => source())];
        return new(all.Sum(one => one.Called), all.Length == 0 ? 0 : all.Max(one => one.Blocked.TotalSeconds));
    }

    ControlLink[] Readable(ControlLink[] links)
    {
        // Half a heartbeat: beats come neither late nor twice.
        var wait = Options.Heartbeat / 2;
        if (links.Length == 0)
        {
            Thread.Sleep(_leaving ? TimeSpan.Zero : wait);
            return [];
        }
        List<Socket> readable = [.. links.Select(link => link.Socket)];
        try
        {
            Socket.Select(readable, null, null, (int)Math.Clamp(wait.TotalMicroseconds, 1, int.MaxValue));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return links; // reading finds out which one it is
        }
        return [.. links.Where(link => readable.Contains(link.Socket))];
    }

    void Read(ControlLink link)
    {
        var frames = new List<Frame>();
        bool isOpen;
        try
        {
            isOpen = link.TryRead(frames);
            foreach (var frame in frames) Take(link, frame);
        }
        catch (WireException)
        {
            isOpen = false;
        }
        if (isOpen && !link.HasLeft) return;
        lock (_lock) _links.Remove(link);
        if (!link.HasLeft && !_leaving) OnBroken(link);
        link.Dispose();
    }

    void Take(ControlLink link, Frame frame)
    {
        if (frame.Kind == FrameKind.Goodbye)
        {
            link.HasLeft = true;
            OnGoodbye(link);
        }
        else if (frame.Kind == FrameKind.Heartbeat) link.Progress = frame.Read<Heartbeat>();
        else OnFrame(link, frame);
    }
}
