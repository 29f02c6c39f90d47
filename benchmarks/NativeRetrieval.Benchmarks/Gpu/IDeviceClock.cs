namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Measures how long a device takes for what is queued on it.</summary>
internal interface IDeviceClock : IDisposable
{
    /// <summary>
    /// Milliseconds from the first to the last of <paramref name="repeats"/> runs in a row, gaps between their operations included.
    /// </summary>
    double Milliseconds(Action run, int repeats);
}
