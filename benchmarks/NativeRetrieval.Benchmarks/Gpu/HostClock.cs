using System.Diagnostics;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>The host's clock, for a device whose operations are done when they return.</summary>
internal sealed class HostClock : IDeviceClock
{
    public double Milliseconds(Action run, int repeats)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repeats; i++) run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    public void Dispose()
    {
    }
}
