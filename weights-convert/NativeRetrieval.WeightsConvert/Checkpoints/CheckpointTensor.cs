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

    /// <summary>The tensors of the file of which this one is stacked; itself, if it is one of them.</summary>
    internal IReadOnlyList<CheckpointTensor> Pieces => Source is StackedTensors stacked ? stacked.Pieces : [this];

    /// <summary>
    /// One tensor of the rows of several, in their order, under the name of the first; null where they do not fit together.
    /// </summary>
    internal static CheckpointTensor? Stack(IReadOnlyList<CheckpointTensor> pieces)
    {
        var first = pieces[0];
        if (first.Shape.Count == 0
            || pieces.Any(piece => piece.DType != first.DType || !piece.Shape.Skip(1).SequenceEqual(first.Shape.Skip(1)))) return null;
        return new CheckpointTensor(first.Name, first.DType, [pieces.Sum(piece => piece.Shape[0]), .. first.Shape.Skip(1)],
            pieces.Sum(piece => piece.LengthBytes), new StackedTensors(pieces));
    }
}

/// <summary>The values of several tensors, one after another.</summary>
sealed class StackedTensors(IReadOnlyList<CheckpointTensor> pieces) : TensorSource
{
    public IReadOnlyList<CheckpointTensor> Pieces => pieces;

    public override void CopyTo(Stream destination, CancellationToken cancellation)
    {
        foreach (var piece in pieces) piece.Source.CopyTo(destination, cancellation);
    }
}

/// <summary>Source of a tensor's values.</summary>
abstract class TensorSource
{
    /// <summary>Writes the values, row-major without gaps, little-endian.</summary>
    public abstract void CopyTo(Stream destination, CancellationToken cancellation);
}
