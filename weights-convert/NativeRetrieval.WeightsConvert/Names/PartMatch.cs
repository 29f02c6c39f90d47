using System.Globalization;
using NativeRetrieval.WeightsConvert.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>One network's tensors in a checkpoint.</summary>
sealed class PartMatch(Dictionary<string, long> sizes)
{
    readonly List<(string Name, CheckpointTensor Tensor)> _mapped = [];
    readonly List<string> _missing = [];
    readonly List<(string Name, BufferKind Kind, CheckpointTensor Tensor)> _buffers = [];
    readonly List<(CheckpointTensor Tensor, string Expected)> _otherShape = [];

    /// <summary>Sizes by name, as the shapes gave them, and numbers of repeated parts.</summary>
    public Dictionary<string, long> Sizes => sizes;

    /// <summary>A size as an <see cref="int"/>; larger ones become <see cref="int.MaxValue"/>.</summary>
    public int Size(string name) => (int)Math.Min(sizes[name], int.MaxValue);

    /// <summary>Tensors under the names they have in the network.</summary>
    public IReadOnlyList<(string Name, CheckpointTensor Tensor)> Mapped => _mapped;

    /// <summary>Names in the network for which the checkpoint has no tensor.</summary>
    public IReadOnlyList<string> Missing => _missing;

    /// <summary>Tensors that contradict the sizes of those before them.</summary>
    public IReadOnlyList<(CheckpointTensor Tensor, string Expected)> OtherShape => _otherShape;

    /// <summary>Whole numbers that follow from sizes, under the names they have in the network.</summary>
    public IReadOnlyList<(string Name, BufferKind Kind, CheckpointTensor Tensor)> Buffers => _buffers;

    public void Add(string name, BufferKind kind, CheckpointTensor tensor) => _buffers.Add((name, kind, tensor));

    /// <param name="shape">A number or the name of a size for every axis; a new name takes the tensor's size.</param>
    public void Add(string name, CheckpointTensor? tensor, string[] shape)
    {
        if (tensor is null)
        {
            _missing.Add(name);
            return;
        }
        _mapped.Add((name, tensor));
        bool fits = tensor.Shape.Count == shape.Length;
        for (int axis = 0; fits && axis < shape.Length; axis++)
        {
            if (Value(shape[axis]) is { } size) fits = size == tensor.Shape[axis];
            else sizes[shape[axis]] = tensor.Shape[axis];
        }
        if (!fits) _otherShape.Add((tensor, $"[{string.Join(", ", shape.Select(Describe))}]"));
    }

    long? Value(string size) =>
        long.TryParse(size, CultureInfo.InvariantCulture, out long number)
            ? number
            : sizes.TryGetValue(size, out long known) ? known : null;

    string Describe(string size) => Value(size)?.ToString(CultureInfo.InvariantCulture) ?? size;
}
