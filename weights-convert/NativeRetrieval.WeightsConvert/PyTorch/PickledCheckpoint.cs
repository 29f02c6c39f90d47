using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Pickle;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>Makes a checkpoint of the value that a pickle describes.</summary>
static class PickledCheckpoint
{
    // A view may repeat its storage (stride 0) and many tensors may share one; a file must not be able to fill the disk that way.
    const int MostTimesTheFile = 64;
    const long AlwaysAllowedBytes = 1 << 26;

    /// <param name="file">The file; it is closed with the checkpoint.</param>
    /// <param name="pickleBytes">Length of the pickle.</param>
    public static CheckpointFile Make(string format, MappedBytes file, object root, TorchTypes types, long pickleBytes,
        IStorageLocator storages)
    {
        string path = file.Path;
        var layout = new TensorLayout(path, storages);
        var tensors = new List<CheckpointTensor>();
        var notes = new List<string>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long budget = checked(MostTimesTheFile * file.Length + AlwaysAllowedBytes);
        foreach (var (name, value) in Find(path, root, pickleBytes))
        {
            if (!names.Add(name)) throw new CorruptFileException(path, $"two tensors have the path '{PlainText.Short(name)}'");
            if (value is SkippedTensor skipped)
            {
                notes.Add($"tensor '{PlainText.Short(name)}' was skipped: it is {skipped.Reason}");
                continue;
            }
            var tensor = layout.Place(name, (TorchTensor)value);
            budget -= tensor.LengthBytes;
            if (budget < 0)
                throw new CorruptFileException(path, $"tensor '{PlainText.Short(name)}': with it the tensors add up to more than "
                    + $"{MostTimesTheFile} times the file");
            tensors.Add(tensor);
        }
        if (tensors.Count == 0)
            throw new CorruptFileException(path,
                notes.Count == 0 ? "it holds no tensors" : $"it holds no tensors that can be read; {notes[0]}");
        foreach (var (type, count) in types.Opaque)
            notes.Add($"{count} of {type}: kept as data, never instantiated");
        return new CheckpointFile(path, format, tensors, notes, new Dictionary<string, string>(), file);
    }

    static List<(string Path, ITensorValue Tensor)> Find(string path, object root, long pickleBytes)
    {
        try
        {
            return new TensorPaths(pickleBytes).Find(root);
        }
        catch (PickleError error)
        {
            throw new CorruptFileException(path, error.Message, error);
        }
    }
}
