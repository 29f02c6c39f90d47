using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>
/// A file of weights as other tools leave it. Opening reads and checks the description of the tensors, not their values.
/// Nothing in the file is ever run: it is untrusted data.
/// </summary>
public sealed class CheckpointFile : IDisposable
{
    readonly IDisposable[] _resources;

    internal CheckpointFile(string path, string format, IReadOnlyList<CheckpointTensor> tensors, IReadOnlyList<string> notes,
        IReadOnlyDictionary<string, string> metadata, params IDisposable[] resources)
    {
        (Path, Format, Tensors, Notes, Metadata) = (path, format, tensors, notes, metadata);
        _resources = resources;
    }

    /// <summary>Path of the file or folder, as the caller named it.</summary>
    public string Path { get; }

    /// <summary>Format of the file, for people: <c>safetensors</c>, <c>PyTorch zip archive</c>.</summary>
    public string Format { get; }

    /// <summary>All tensors, each under a name of its own, in the order of the file.</summary>
    public IReadOnlyList<CheckpointTensor> Tensors { get; }

    /// <summary>
    /// One line for each tensor that was skipped and each class whose instances were kept as data, and why. Plain numbers, texts and lists
    /// beside the tensors are not mentioned.
    /// </summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Free text pairs that the file carries; empty for formats that have none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The file itself if <see cref="CheckpointSafetensors"/> would write the same bytes; else null.</summary>
    internal MappedBytes? Verbatim { get; init; }

    /// <summary>Opens a checkpoint and checks the description of its tensors.</summary>
    /// <param name="path">A <c>.pth</c>, <c>.pt</c>, <c>.bin</c>, <c>.ckpt</c> or <c>.safetensors</c> file (the content decides, not the
    /// name), an index of shards (<c>*.index.json</c>), or a folder that holds one of these under its Hugging Face name.</param>
    /// <exception cref="CorruptFileException">The file is damaged, hostile or of another format; the message names file and
    /// place.</exception>
    /// <exception cref="FileReadException">There is no such file, or it may not be read.</exception>
    public static CheckpointFile Open(string path) =>
        Directory.Exists(path) ? ShardedModel.OpenFolder(path)
        : path.EndsWith(".index.json", StringComparison.OrdinalIgnoreCase) ? ShardedModel.OpenIndex(path)
        : SingleFile.Open(path);

    /// <summary>
    /// Writes a tensor's values: row-major without gaps, little-endian, <see cref="CheckpointTensor.LengthBytes"/> bytes.
    /// </summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <exception cref="CorruptFileException">The values are damaged.</exception>
    public void CopyTo(CheckpointTensor tensor, Stream destination, CancellationToken cancellation = default) =>
        tensor.Source.CopyTo(destination, cancellation);

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        foreach (var resource in _resources) resource.Dispose();
    }
}
