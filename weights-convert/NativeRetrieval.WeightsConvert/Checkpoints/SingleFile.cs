using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.PyTorch;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>Opens a checkpoint that is one file; its content decides the format.</summary>
static class SingleFile
{
    public static CheckpointFile Open(string path)
    {
        var file = MappedBytes.Open(path);
        try
        {
            if (file.Length == 0) throw new CorruptFileException(path, "the file is empty; fetch or save it again");
            Span<byte> head = stackalloc byte[(int)Math.Min(FileKind.HeadBytes, file.Length)];
            using (var window = file.Map(0, head.Length)) window.Span.CopyTo(head);
            if (FileKind.IsZip(head)) return TorchZip.Open(file);
            if (FileKind.IsPickle(head)) return TorchLegacy.Open(file);
            // The format's own reader gives the best message for a damaged file.
            if (FileKind.IsSafetensors(head, file.Length) || path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
                return SafetensorsCheckpoint.Open(file);
            throw new CorruptFileException(path, $"neither a PyTorch checkpoint nor safetensors; it looks like {FileKind.Describe(head)}");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
