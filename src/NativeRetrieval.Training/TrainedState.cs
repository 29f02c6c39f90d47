using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Nn.Optimizers;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training;

/// <summary>The tensors that a checkpoint holds: what training changes, and the optimizer's moments. A frozen encoder stays in the run's model.</summary>
internal sealed class TrainedState
{
    readonly List<(string Name, Tensor Tensor)> _tensors;

    public TrainedState(RetrievalModel model, AdamOptimizer optimizer, OptimizationSettings options) =>
        _tensors =
        [
            .. model.State("model.").Where(item => !(options.FreezeTextEncoder && item.Name.StartsWith("model.text_enc.", StringComparison.Ordinal))
                && !(options.FreezeAudioEncoder && item.Name.StartsWith("model.audio_enc.", StringComparison.Ordinal))),
            .. optimizer.State().Select(item => ("optimizer." + item.Name, item.Tensor)),
        ];

    /// <summary>Everything, copied when its turn to be written comes.</summary>
    public IEnumerable<SafetensorsItem> Items() => _tensors.Select(item => new SafetensorsItem(item.Name, item.Tensor.DType,
        Array.ConvertAll(item.Tensor.Shape.Sizes.ToArray(), size => (long)size),
        stream => stream.Write(MemoryMarshal.AsBytes<float>(item.Tensor.ToArray<float>()))));

    /// <exception cref="CorruptFileException">A tensor is absent or has another shape.</exception>
    public void Read(SafetensorsFile file)
    {
        foreach (var (name, tensor) in _tensors)
        {
            if (!file.Contains(name)) throw new CorruptFileException(file.Path, $"tensor '{name}' is missing; the checkpoint belongs to another model");
            var shape = file.Entry(name).Shape;
            if (!shape.AsSpan().SequenceEqual(Array.ConvertAll(tensor.Shape.Sizes.ToArray(), size => (long)size)))
                throw new CorruptFileException(file.Path, $"tensor '{name}' is [{string.Join(", ", shape)}], the model's is {tensor.Shape}");
            tensor.CopyFrom<float>(file.ReadFloat32(name));
        }
    }
}
