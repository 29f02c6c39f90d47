using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>A queue of work on a device. Its work runs in order, and beside that of other streams.</summary>
public sealed class CudaStream : IStreamOrder, IDisposable
{
    CudaStream(CudaContext context, StreamHandle handle) => (Context, Handle) = (context, handle);

    /// <summary>A new stream of a context, which does not wait for the legacy default stream.</summary>
    /// <exception cref="CudaDeviceLostException">An earlier error ended the context.</exception>
    public CudaStream(CudaContext context) : this(context, Create(context))
    {
    }

    /// <summary>A stream that the host owns and that outlives this object.</summary>
    /// <param name="context">The context of the stream.</param>
    /// <param name="stream">A CUstream; 0 is the legacy default stream.</param>
    public static CudaStream Borrow(CudaContext context, nint stream) => new(context, new StreamHandle(stream, context, owns: false));

    /// <summary>The context that the stream belongs to.</summary>
    public CudaContext Context { get; }

    internal StreamHandle Handle { get; }

    /// <summary>True when everything queued is done. Asks, does not wait.</summary>
    /// <exception cref="CudaException">Queued work failed.</exception>
    public bool IsIdle
    {
        get
        {
            using var scope = Context.Enter();
            var result = cuStreamQuery(Handle);
            if (result == DriverResult.NotReady) return false;
            result.ThrowIfFailed("cuStreamQuery(stream)");
            return true;
        }
    }

    /// <summary>Blocks this thread until everything queued is done.</summary>
    /// <exception cref="CudaException">Queued work failed.</exception>
    public void Synchronize()
    {
        using var scope = Context.Enter();
        cuStreamSynchronize(Handle).ThrowIfFailed();
    }

    /// <summary>Moves an event to the end of what is queued now.</summary>
    public void Record(CudaEvent mark)
    {
        using var scope = Context.Enter();
        cuEventRecord(mark.Handle, Handle).ThrowIfFailed();
    }

    /// <summary>Lets everything queued from now on run after the event's last recording. This thread does not wait.</summary>
    public void WaitFor(CudaEvent mark)
    {
        using var scope = Context.Enter();
        cuStreamWaitEvent(Handle, mark.Handle, 0).ThrowIfFailed();
    }

    /// <summary>Queues a copy within the device.</summary>
    /// <param name="source">A CUdeviceptr.</param>
    /// <param name="target">A CUdeviceptr; the two ranges do not overlap.</param>
    /// <param name="sizeBytes">The length; 0 queues nothing.</param>
    public void Copy(nint source, nint target, long sizeBytes)
    {
        if (sizeBytes == 0) return;
        using var scope = Context.Enter();
        cuMemcpyDtoDAsync_v2(target, source, checked((nuint)sizeBytes), Handle).ThrowIfFailed();
    }

    /// <summary>Queues setting bytes to one value.</summary>
    /// <param name="target">A CUdeviceptr.</param>
    /// <param name="value">The value of every byte.</param>
    /// <param name="sizeBytes">The length; 0 queues nothing.</param>
    public void Fill(nint target, byte value, long sizeBytes)
    {
        if (sizeBytes == 0) return;
        using var scope = Context.Enter();
        cuMemsetD8Async(target, value, checked((nuint)sizeBytes), Handle).ThrowIfFailed();
    }

    /// <summary>A new event at the end of what is queued now. The caller disposes it.</summary>
    public CudaEvent Mark()
    {
        var mark = new CudaEvent(Context);
        Record(mark);
        return mark;
    }

    IStreamMark IStreamOrder.Mark() => Mark();

    /// <summary>Ends the stream; what is queued still runs.</summary>
    public void Dispose() => Handle.Dispose();

    static StreamHandle Create(CudaContext context)
    {
        using var scope = context.Enter();
        cuStreamCreateWithPriority(out nint stream, StreamFlags.NonBlocking, 0).ThrowIfFailed();
        return new(stream, context);
    }
}
