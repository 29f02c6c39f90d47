namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>A figure of one program.</summary>
/// <param name="Precision"><c>fp32</c>, <c>tf32</c> or <c>bf16</c>: what matrix products and convolutions compute in.</param>
/// <param name="Milliseconds">Median; null where the workload failed.</param>
/// <param name="Note">The reason of a failure, or a remark.</param>
internal sealed record DeviceTiming(string Workload, string Shape, string Precision, double? Milliseconds,
    double Gigaflop = 0, double Gigabytes = 0, string? Note = null)
{
    public double? GigaflopPerSecond => Gigaflop > 0 && Milliseconds is { } ms ? Gigaflop / ms * 1e3 : null;

    public double? GigabytesPerSecond => Gigabytes > 0 && Milliseconds is { } ms ? Gigabytes / ms * 1e3 : null;
}
