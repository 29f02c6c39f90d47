using NativeRetrieval.WeightsConvert.Pickle;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>A view of a storage as the pickle describes it; nothing of it has been checked.</summary>
/// <param name="Offset">Elements of the storage before the first one.</param>
/// <param name="Sizes">Sizes of the dimensions, outermost first.</param>
/// <param name="Strides">Elements from one index of a dimension to the next.</param>
sealed record TorchTensor(TorchStorage Storage, StorageType Type, object Offset, PickleList Sizes, PickleList Strides) : ITensorValue;

/// <summary>A tensor that cannot be read as plain numbers in a row.</summary>
/// <param name="Reason">Completes "skipped: it is".</param>
sealed record SkippedTensor(string Reason) : ITensorValue;
