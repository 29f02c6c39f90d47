using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>
/// Two CUDA events on the device's stream around the work: what the host does meanwhile counts only where the GPU waits for it.
/// </summary>
internal sealed class EventClock(CudaDevice device) : IDeviceClock
{
    readonly CudaEvent _start = new(device.Context, timing: true), _end = new(device.Context, timing: true);

    public double Milliseconds(Action run, int repeats)
    {
        device.Stream.Record(_start);
        for (int i = 0; i < repeats; i++) run();
        device.Stream.Record(_end);
        _end.Wait();
        // Errors of what was queued show here: no time is quoted for work that failed.
        device.Synchronize();
        return _end.MillisecondsSince(_start);
    }

    public void Dispose()
    {
        _start.Dispose();
        _end.Dispose();
    }
}
