using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>A mark in a stream: other streams wait for it, and two of them measure time on the device.</summary>
public sealed class CudaEvent : IStreamMark
{
    readonly CudaContext _context;

    /// <summary>An event that was not recorded yet; <see cref="CudaStream.Record"/> places it.</summary>
    /// <param name="context">The context of the streams that record it.</param>
    /// <param name="timing">True for <see cref="MillisecondsSince"/>; false is cheaper and enough for ordering.</param>
    /// <exception cref="CudaDeviceLostException">An earlier error ended the context.</exception>
    public CudaEvent(CudaContext context, bool timing = false)
    {
        _context = context;
        using var scope = context.Enter();
        cuEventCreate(out nint value, timing ? EventFlags.Default : EventFlags.DisableTiming).ThrowIfFailed();
        Handle = new(value, context);
    }

    internal EventHandle Handle { get; }

    /// <summary>True once the device has passed the last recording, and before the first one. Asks, does not wait.</summary>
    /// <exception cref="CudaException">Work before the event failed.</exception>
    public bool HasPassed
    {
        get
        {
            using var scope = _context.Enter();
            var result = cuEventQuery(Handle);
            if (result == DriverResult.NotReady) return false;
            result.ThrowIfFailed("cuEventQuery(event)");
            return true;
        }
    }

    /// <summary>Blocks this thread until the device has passed the last recording.</summary>
    /// <exception cref="CudaException">Work before the event failed.</exception>
    public void Wait()
    {
        using var scope = _context.Enter();
        cuEventSynchronize(Handle).ThrowIfFailed();
    }

    /// <summary>The time on the device from <paramref name="start"/> to this event, in milliseconds.</summary>
    /// <param name="start">The earlier event; both were made with timing, recorded and passed.</param>
    /// <exception cref="CudaException">An event has no timing, was not recorded or has not passed.</exception>
    public float MillisecondsSince(CudaEvent start)
    {
        using var scope = _context.Enter();
        ElapsedTime(out float milliseconds, start.Handle).ThrowIfFailed("cuEventElapsedTime(start, end)");
        return milliseconds;
    }

    /// <summary>Releases the event; what waits for it still does.</summary>
    public void Dispose() => Handle.Dispose();

    DriverResult ElapsedTime(out float milliseconds, EventHandle start)
    {
        try
        {
            return cuEventElapsedTime(out milliseconds, start, Handle);
        }
        catch (EntryPointNotFoundException)
        {
            return cuEventElapsedTime_v2(out milliseconds, start, Handle);
        }
    }
}
