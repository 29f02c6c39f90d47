namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>PyTorch's own float32 run of the golden training, for comparison with what <c>doctor --parity</c> says of ours.</summary>
/// <param name="ShareOfAllowed">Its worst loss error as a share of what the fixture allows; null where a loss is no number.</param>
internal sealed record PeerTraining(double[] Losses, double? ShareOfAllowed);
