namespace NativeRetrieval.Benchmarks.Measuring;

/// <summary>Medians of runs in turn.</summary>
/// <param name="OursMs">Ours.</param>
/// <param name="PeerMs">The peer; null where there is none.</param>
/// <param name="Cores">GF/s that all cores gave with fused multiply-adds that stay in registers.</param>
internal sealed record Timing(double OursMs, double? PeerMs, double Cores);
