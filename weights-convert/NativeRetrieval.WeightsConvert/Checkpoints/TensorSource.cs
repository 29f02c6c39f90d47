namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>Where a tensor's values come from.</summary>
abstract class TensorSource
{
    /// <summary>Writes the values, row-major without gaps, little-endian.</summary>
    public abstract void CopyTo(Stream destination, CancellationToken cancellation);
}
