using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>A tensor and the range of its values.</summary>
/// <param name="Minimum">Of the finite values; null where there are none.</param>
/// <param name="Mean">Of the finite values, summed in float64; null where there are none. Of booleans: the share of true.</param>
/// <param name="Maximum">Of the finite values; null where there are none.</param>
/// <param name="NanCount">How many values are not a number.</param>
/// <param name="InfinityCount">How many values are infinite, of either sign.</param>
public sealed record TensorSummary(string Name, DType DType, IReadOnlyList<long> Shape, double? Minimum, double? Mean, double? Maximum, long NanCount, long InfinityCount);
