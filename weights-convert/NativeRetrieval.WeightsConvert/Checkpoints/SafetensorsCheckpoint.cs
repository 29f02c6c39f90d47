using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>Reads <c>.safetensors</c> files.</summary>
static class SafetensorsCheckpoint
{
    /// <param name="file">The file; it is closed with the checkpoint.</param>
    public static CheckpointFile Open(MappedBytes file)
    {
        using var header = SafetensorsFile.Open(file.Path);
        var tensors = header.Entries.Select(entry =>
            new CheckpointTensor(entry.Name, entry.DType, entry.Shape, entry.LengthBytes,
                new FileRange(file, entry.OffsetBytes, entry.LengthBytes)));
        return new CheckpointFile(file.Path, "safetensors", [.. tensors], [], header.Metadata, file) { Verbatim = file };
    }

    sealed class FileRange(MappedBytes file, long offset, long length) : TensorSource
    {
        public override void CopyTo(Stream destination, CancellationToken cancellation) =>
            file.CopyTo(offset, length, destination, cancellation);
    }
}
