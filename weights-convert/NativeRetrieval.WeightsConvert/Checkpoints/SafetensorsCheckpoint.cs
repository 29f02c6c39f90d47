using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>Reads <c>.safetensors</c> files.</summary>
static class SafetensorsCheckpoint
{
    public static CheckpointFile Open(string path)
    {
        using var header = SafetensorsFile.Open(path);
        var bytes = MappedBytes.Open(path);
        var tensors = header.Entries.Select(entry =>
            new CheckpointTensor(entry.Name, entry.DType, entry.Shape, entry.LengthBytes, new FileRange(bytes, entry.OffsetBytes, entry.LengthBytes)));
        return new CheckpointFile(path, "safetensors", [.. tensors], [], header.Metadata, bytes) { Verbatim = bytes };
    }

    sealed class FileRange(MappedBytes file, long offset, long length) : TensorSource
    {
        public override void CopyTo(Stream destination, CancellationToken cancellation) => file.CopyTo(offset, length, destination, cancellation);
    }
}
