using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Optimizers;

namespace NativeRetrieval.Training.Loop;

/// <summary>
/// The tensors that a checkpoint holds: what training changes, its average where there is one, and the optimizer's
/// moments. A frozen encoder stays in the run's model.
/// </summary>
internal sealed class TrainedState
{
    readonly List<(string Name, Tensor Tensor)> _tensors;

    /// <param name="trained">Parameters and buffers that training changes.</param>
    public TrainedState(IEnumerable<(string Name, Tensor Tensor)> trained, WeightAverage? average, AdamOptimizer optimizer) =>
        _tensors =
        [
            .. trained.Select(item => ("model." + item.Name, item.Tensor)),
            .. average?.State().Select(item => ("average." + item.Name, item.Tensor)) ?? [],
            .. optimizer.State().Select(item => ("optimizer." + item.Name, item.Tensor)),
        ];

    /// <summary>All tensors, in a fixed order.</summary>
    public IEnumerable<Tensor> Tensors => _tensors.Select(item => item.Tensor);

    /// <summary>Everything, copied when its turn to be written comes.</summary>
    public IEnumerable<SafetensorsItem> Items() => _tensors.Select(item => new SafetensorsItem(item.Name, item.Tensor.DType,
        Array.ConvertAll(item.Tensor.Shape.Sizes.ToArray(), size => (long)size),
        stream => stream.Write(MemoryMarshal.AsBytes<float>(item.Tensor.ToArray<float>()))));

    /// <exception cref="CorruptFileException">A tensor is absent or has another shape.</exception>
    public void Read(SafetensorsFile file)
    {
        foreach (var (name, tensor) in _tensors)
        {
            if (!file.Contains(name))
                throw new CorruptFileException(file.Path, $"tensor '{name}' is missing; the checkpoint belongs to another model");
            var shape = file.Entry(name).Shape;
            if (!shape.AsSpan().SequenceEqual(Array.ConvertAll(tensor.Shape.Sizes.ToArray(), size => (long)size)))
                throw new CorruptFileException(file.Path,
                    $"tensor '{name}' is [{string.Join(", ", shape)}], the model's is {tensor.Shape}");
            tensor.CopyFrom<float>(file.ReadFloat32(name));
        }
    }
}
