using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime.Graphs;

/// <summary>Work of a stream that was recorded once; a launch queues all of it.</summary>
internal sealed class CudaGraph : IDisposable
{
    readonly CudaContext _context;
    readonly GraphExecutableHandle _executable;

    CudaGraph(CudaContext context, GraphExecutableHandle executable) => (_context, _executable) = (context, executable);

    /// <summary>
    /// Records what this thread queues on the stream while <paramref name="work"/> runs. Other threads and streams go on; on this thread
    /// whatever waits, asks, allocates or loads fails.
    /// </summary>
    /// <exception cref="CudaException">The work did something that a graph cannot hold; the message names the call.</exception>
    public static CudaGraph Record(CudaStream stream, Action work)
    {
        var context = stream.Context;
        using var scope = context.Enter();
        cuStreamBeginCapture_v2(stream.Handle, CaptureMode.ThreadLocal).ThrowIfFailed();
        nint recorded;
        try
        {
            work();
        }
        catch (Exception error)
        {
            // Recording ends whatever has happened: the stream goes on as before.
            if (cuStreamEndCapture(stream.Handle, out recorded) == DriverResult.Success) new GraphHandle(recorded, context).Dispose();
            if (error is CudaException failed and not CudaDeviceLostException)
                throw new CudaException(failed.Call, failed.Error, $"{failed.Explanation}; this happened while work was recorded");
            throw;
        }
        cuStreamEndCapture(stream.Handle, out recorded).ThrowIfFailed();
        using var graph = new GraphHandle(recorded, context);
        cuGraphInstantiateWithFlags(out nint executable, graph, 0).ThrowIfFailed();
        return new(context, new(executable, context));
    }

    /// <summary>Queues the recorded work behind what is on the stream.</summary>
    public void Launch(CudaStream stream)
    {
        using var scope = _context.Enter();
        cuGraphLaunch(_executable, stream.Handle).ThrowIfFailed();
    }

    /// <summary>Frees the graph; no launch of it may be under way.</summary>
    public void Dispose() => _executable.Dispose();
}
