using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>One tensor of a checkpoint, checked against the file when it was opened; its values are still on disk.</summary>
/// <remarks>Values are read with <see cref="CheckpointFile.CopyTo"/>.</remarks>
public sealed class CheckpointTensor
{
    internal CheckpointTensor(string name, DType dtype, long[] shape, long lengthBytes, TensorSource source) =>
        (Name, DType, Shape, LengthBytes, Source) = (name, dtype, shape, lengthBytes, source);

    /// <summary>The dotted path through the checkpoint's dictionaries and lists, e.g. <c>model.conv_block1.conv1.weight</c>.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public DType DType { get; }

    /// <summary>Sizes, outermost first; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Length of the values: product of the shape times the size of an element.</summary>
    public long LengthBytes { get; }

    /// <summary>Product of the shape; 1 for a scalar.</summary>
    public long ElementCount => LengthBytes / DType.SizeBytes();

    internal TensorSource Source { get; }
}

/// <summary>Source of a tensor's values.</summary>
abstract class TensorSource
{
    /// <summary>Writes the values, row-major without gaps, little-endian.</summary>
    public abstract void CopyTo(Stream destination, CancellationToken cancellation);
}
