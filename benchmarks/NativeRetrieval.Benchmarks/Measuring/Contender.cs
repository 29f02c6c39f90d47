using System.Diagnostics;

namespace NativeRetrieval.Benchmarks.Measuring;

/// <summary>One of the implementations that are timed in turn.</summary>
/// <param name="RunMs">Runs once and returns how long it took, in milliseconds, by its own clock.</param>
internal sealed record Contender(string Name, Func<double> RunMs)
{
    /// <summary>The values of its first run; empty for ours.</summary>
    public float[] Output { get; init; } = [];

    public static Contender Ours(Action run) => new("ours", () =>
    {
        long start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    });
}
