using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>A tensor whose elements follow one another in its storage.</summary>
sealed class ContiguousTensor(string name, StorageData storage, long start, long lengthBytes) : TensorSource
{
    public override void CopyTo(Stream destination, CancellationToken cancellation) =>
        storage.CopyTo(start, lengthBytes, destination, TensorLayout.Label(name), cancellation);
}
