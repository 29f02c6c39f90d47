using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>A mark in a stream: others wait for it, and two of them measure time on the device.</summary>
public sealed class CudaEvent : IStreamMark
{
    readonly CudaContext _context;

    /// <param name="timing">False is cheaper and enough for ordering.</param>
    public CudaEvent(CudaContext context, bool timing = false)
    {
        _context = context;
        using var scope = context.Enter();
        cuEventCreate(out nint value, timing ? EventFlags.Default : EventFlags.DisableTiming).ThrowIfFailed();
        Handle = new(value, context);
    }

    internal EventHandle Handle { get; }

    /// <summary>True once the device has passed the last recording; true before the first.</summary>
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
    public void Wait()
    {
        using var scope = _context.Enter();
        cuEventSynchronize(Handle).ThrowIfFailed();
    }

    /// <summary>Milliseconds on the device from <paramref name="start"/> to this event; both with timing, recorded and passed.</summary>
    public float MillisecondsSince(CudaEvent start)
    {
        using var scope = _context.Enter();
        ElapsedTime(out float milliseconds, start.Handle).ThrowIfFailed("cuEventElapsedTime(start, end)");
        return milliseconds;
    }

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
