using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>A tensor and the range of its values.</summary>
/// <param name="Minimum">Least finite value; null where there are none.</param>
/// <param name="Mean">Mean of the finite values, summed in float64 (of booleans: the share of true); null where there are none.</param>
/// <param name="Maximum">Largest finite value; null where there are none.</param>
/// <param name="NanCount">Number of values that are NaN.</param>
/// <param name="InfinityCount">Number of infinite values, of either sign.</param>
public sealed record TensorSummary(string Name, DType DType, IReadOnlyList<long> Shape, double? Minimum, double? Mean, double? Maximum,
    long NanCount, long InfinityCount);
