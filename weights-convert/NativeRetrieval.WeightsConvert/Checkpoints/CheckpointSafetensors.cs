using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>Writes the tensors of any checkpoint into one <c>.safetensors</c> file.</summary>
public static class CheckpointSafetensors
{
    /// <summary>
    /// Streams tensor after tensor to <paramref name="path"/>, which then has all of them; if anything fails, it keeps its former content.
    /// A safetensors file in which nothing changes is copied byte for byte.
    /// </summary>
    /// <param name="rename">Gives a tensor its new name, or null to leave it out; null keeps all names.</param>
    /// <param name="metadata">Free text pairs for the header; null keeps those of the checkpoint.</param>
    /// <exception cref="CorruptFileException">The values of a tensor are damaged.</exception>
    /// <exception cref="ShapeException">Two tensors get the same name.</exception>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public static void Write(CheckpointFile checkpoint, string path, Func<string, string?>? rename = null,
        IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellation = default)
    {
        if (checkpoint.Verbatim is { } same && rename is null && metadata is null)
        {
            DurableFile.WriteAtomic(path, stream => same.CopyTo(0, same.Length, stream, cancellation));
            return;
        }
        var items = new List<SafetensorsItem>(checkpoint.Tensors.Count);
        foreach (var tensor in checkpoint.Tensors)
        {
            if ((rename is null ? tensor.Name : rename(tensor.Name)) is { } name)
                items.Add(new SafetensorsItem(name, tensor.DType, [.. tensor.Shape],
                    stream => checkpoint.CopyTo(tensor, stream, cancellation)));
        }
        SafetensorsWriter.Write(path, items, metadata ?? checkpoint.Metadata);
    }
}
