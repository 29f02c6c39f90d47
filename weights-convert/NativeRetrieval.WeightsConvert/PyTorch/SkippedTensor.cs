using NativeRetrieval.WeightsConvert.Pickle;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>A tensor that cannot be read as plain numbers in a row.</summary>
/// <param name="Reason">Completes "skipped: it is".</param>
sealed record SkippedTensor(string Reason) : ITensorValue;
