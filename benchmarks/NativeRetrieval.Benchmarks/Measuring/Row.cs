namespace NativeRetrieval.Benchmarks.Measuring;

/// <summary>One line of a result table.</summary>
/// <param name="Shape">The computed work.</param>
/// <param name="OursMs">Median.</param>
/// <param name="PeerMs">Median of the peer, in the same run, in turn; null where there is none.</param>
/// <param name="Gigaflop">Arithmetic work of one run (two per multiply-add), 0 if memory or neither is the limit.</param>
/// <param name="Gigabytes">Bytes that one run must read, 0 if arithmetic or neither is the limit.</param>
/// <param name="Note">A rate in the task's own unit, a peak of memory, or what the peer is.</param>
internal sealed record Row(string Suite, string Shape, double OursMs, double? PeerMs,
    double Gigaflop = 0, double Gigabytes = 0, string Note = "")
{
    /// <summary>The numbers of the line.</summary>
    public object Values => new
    {
        suite = Suite, shape = Shape, oursMs = OursMs, peerMs = PeerMs, gigaflop = Gigaflop, gigabytes = Gigabytes, note = Note,
    };

    public string Rate => Gigaflop > 0 ? $"{Gigaflop / OursMs * 1e3:F0} GF/s" : Gigabytes > 0 ? $"{Gigabytes / OursMs * 1e3:F1} GB/s" : "";

    /// <summary>The share of the ceiling that limits this work.</summary>
    public string OfCeiling(Ceilings ceilings) =>
        Gigaflop > 0 ? $"{Gigaflop / OursMs * 1e3 / ceilings.GigaflopPerSecond:P0}"
        : Gigabytes > 0 ? $"{Gigabytes / OursMs * 1e3 / ceilings.GigabytesPerSecond:P0}" : "";

    /// <summary>The peer's time over ours.</summary>
    public string Speed => PeerMs is { } peer ? $"{peer / OursMs:F2}" : "";
}
