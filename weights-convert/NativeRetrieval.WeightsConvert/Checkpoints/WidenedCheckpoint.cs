using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>A checkpoint with 8-bit weights (<see cref="Int8Weights"/>), seen as float32.</summary>
static class WidenedCheckpoint
{
    const string Note = "the weights were 8-bit: the values are float32 of the quantized model, not of the one before it";

    /// <summary>The checkpoint itself where it has no 8-bit weights; it is closed with the result.</summary>
    /// <exception cref="Core.Errors.CorruptFileException">Scales are missing or damaged.</exception>
    public static CheckpointFile Of(CheckpointFile checkpoint)
    {
        if (checkpoint.Verbatim is null || !IsInt8(checkpoint)) return checkpoint;
        var file = SafetensorsFile.Open(checkpoint.Path);
        try
        {
            var tensors = checkpoint.Tensors.Where(tensor => !Int8Weights.IsScale(file, tensor.Name)).Select(tensor => Widen(file, tensor));
            return new CheckpointFile(checkpoint.Path, checkpoint.Format, [.. tensors], [Note, .. checkpoint.Notes],
                checkpoint.Metadata.Where(pair => pair.Key != Int8Weights.MetadataKey).ToDictionary(), file, checkpoint);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>True of a checkpoint that says so in its header, as those written here do.</summary>
    public static bool IsInt8(CheckpointFile checkpoint) =>
        checkpoint.Metadata.GetValueOrDefault(Int8Weights.MetadataKey) == Int8Weights.MetadataValue;

    static CheckpointTensor Widen(SafetensorsFile file, CheckpointTensor tensor)
    {
        if (tensor.DType != DType.Int8) return tensor;
        Int8Weights.Scales(file, tensor.Name);
        return new CheckpointTensor(tensor.Name, DType.Float32, [.. tensor.Shape], tensor.ElementCount * sizeof(float),
            new WidenedTensor(file, tensor.Name));
    }

    sealed class WidenedTensor(SafetensorsFile file, string name) : TensorSource
    {
        public override void CopyTo(Stream destination, CancellationToken cancellation) =>
            Int8Weights.Write(file, name, destination, cancellation);
    }
}
