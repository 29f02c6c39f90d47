using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cuda.Runtime.Graphs;

/// <summary>
/// Recording of a device's work as CUDA graphs. The thread that records queues on a stream of its own, which runs nothing, and takes its
/// memory from the recording's; what other threads do on the device meanwhile is not touched by it.
/// </summary>
internal sealed class GraphRecorder(CudaDevice device) : WorkRecorder, IDisposable
{
    /// <summary>A share of the measured memory on top: the first run may have taken more, in another order.</summary>
    const int SpareShare = 32;

    [ThreadStatic] static Session? t_session;

    readonly Lock _lock = new();
    readonly List<GraphMemory> _memories = [];
    CudaStream? _stream;
    long _launched;

    /// <summary>The rehearsal or recording of this thread on this device; else null.</summary>
    public Session? Current => t_session is { } session && session.Device == device ? session : null;

    /// <summary>The number of graphs that were recorded on this device.</summary>
    public long Recorded { get; private set; }

    /// <summary>The number of times that recorded graphs were launched on this device.</summary>
    public long Launched => Interlocked.Read(ref _launched);

    public override WorkFootprint Rehearse(Action work)
    {
        var session = new Session(device, stream: null, memory: 0, new(long.MaxValue), constants: null);
        Run(session, work);
        long bytes = session.Layout.HighWater;
        return new(bytes + bytes / SpareShare, session.ConstantBytes);
    }

    public override long ReservedBytes
    {
        get { lock (_memories) return _memories.Sum(memory => memory.SizeBytes); }
    }

    public override IDisposable Reserve(long sizeBytes)
    {
        device.Trim(); // what the first run took lies idle
        var memory = new GraphMemory(device, sizeBytes, gone => { lock (_memories) _memories.Remove(gone); });
        lock (_memories) _memories.Add(memory);
        return memory;
    }

    /// <summary>
    /// Takes a freed block out of the recording or rehearsal that it belongs to. True where it lies in a recording's memory: the
    /// device's allocator knows nothing of it.
    /// </summary>
    public bool TryFree(nint address)
    {
        var session = Current;
        if (session is { IsRecording: true } && session.TryFree(address)) return true;
        session?.Left(address);
        lock (_memories) return _memories.Exists(memory => memory.Holds(address));
    }

    public override RecordedWork Record(WorkFootprint footprint, IDisposable? memory, Action work)
    {
        var arena = (GraphMemory?)memory;
        var constants = footprint.ConstantBytes > 0 ? new DeviceBuffer(device.Context, footprint.ConstantBytes) : null;
        var moves = new DeviceBuffer(device.Context, 2 * sizeof(long));
        try
        {
            lock (_lock) // one stream, one recording at a time
            {
                _stream ??= new(device.Context);
                var session = new Session(device, _stream, arena?.Address ?? 0, new(arena?.SizeBytes ?? 0), constants)
                {
                    StreamMoves = moves.Address,
                };
                var graph = CudaGraph.Record(_stream, () => Run(session, work));
                if (session.Layout.Count > 0 || session.FreedOthers > 0)
                {
                    graph.Dispose();
                    throw new NativeRetrievalException($"recorded work left {session.Layout.Count} tensors behind and freed "
                        + $"{session.FreedOthers} that are not its own; it must do neither");
                }
                session.UploadConstants();
                Recorded++;
                return new CudaRecording(device, graph, constants, moves, session.Launched);
            }
        }
        catch
        {
            constants?.Dispose();
            moves.Dispose();
            throw;
        }
    }

    /// <summary>Counts a launch of what was recorded.</summary>
    public void HasLaunched() => Interlocked.Increment(ref _launched);

    public void Dispose() => _stream?.Dispose();

    static void Run(Session session, Action work)
    {
        if (t_session is not null) throw new InvalidOperationException("work is recorded already on this thread");
        t_session = session;
        try
        {
            work();
        }
        finally
        {
            t_session = null;
        }
    }
}
