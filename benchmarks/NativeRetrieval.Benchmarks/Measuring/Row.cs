namespace NativeRetrieval.Benchmarks.Measuring;

/// <summary>One line of a result table.</summary>
/// <param name="Shape">The computed work.</param>
/// <param name="OursMs">Median.</param>
/// <param name="PeerMs">Median of the peer, in the same run, in turn; null where there is none.</param>
/// <param name="Gigaflop">Arithmetic work of one run (two per multiply-add), 0 if it is never the limit.</param>
/// <param name="Gigabytes">Bytes that one run must read, 0 if they are never the limit.</param>
/// <param name="Note">A rate in the task's own unit, a peak of memory, or what the peer is.</param>
/// <param name="Cores">GF/s of all cores in registers, the median in turn with the runs; null: not measured.</param>
internal sealed record Row(string Suite, string Shape, double OursMs, double? PeerMs,
    double Gigaflop = 0, double Gigabytes = 0, string Note = "", double? Cores = null)
{
    /// <summary>The numbers of the line.</summary>
    public object Values => new
    {
        suite = Suite, shape = Shape, oursMs = OursMs, peerMs = PeerMs, gigaflop = Gigaflop, gigabytes = Gigabytes, cores = Cores,
        note = Note,
    };

    /// <summary>The rate of what limits this work.</summary>
    public string Rate(Ceilings ceilings) => Limit(ceilings) switch
    {
        { Share: 0 } => "",
        { Multiplies: true } => $"{Gigaflop / OursMs * 1e3:F0} GF/s",
        _ => $"{Gigabytes / OursMs * 1e3:F1} GB/s",
    };

    /// <summary>The share of the ceiling that limits this work: of the cores' in turn with it where that was measured.</summary>
    public string OfCeiling(Ceilings ceilings) => Limit(ceilings) is { Share: > 0 } limit ? $"{limit.Share:P0}" : "";

    (double Share, bool Multiplies) Limit(Ceilings ceilings)
    {
        double multiplies = Gigaflop / OursMs * 1e3 / (Cores ?? ceilings.GigaflopPerSecond);
        double reads = Gigabytes / OursMs * 1e3 / ceilings.GigabytesPerSecond;
        return multiplies > reads ? (multiplies, true) : (reads, false);
    }

    /// <summary>The peer's time over ours.</summary>
    public string Speed => PeerMs is { } peer ? $"{peer / OursMs:F2}" : "";
}
