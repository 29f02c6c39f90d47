using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Tests.Checkpoints;

namespace NativeRetrieval.WeightsConvert.Tests.Mutation;

/// <summary>Opens mutants and reads what they offer.</summary>
sealed class Survival(string extension) : IDisposable
{
    const long MostCopiedBytes = 1 << 18;

    readonly TemporaryFolder _folder = new();

    public int Opened { get; private set; }

    public int Refused { get; private set; }

    /// <summary>Throws unless the file is read or refused in good order, with no more memory than its length gives reason for.</summary>
    public void Check(byte[] bytes, string what)
    {
        // A file of its own: some file systems write out at once what replaces a file, which takes milliseconds.
        string path = _folder[$"{Opened + Refused}{extension}"];
        File.WriteAllBytes(path, bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var checkpoint = CheckpointFile.Open(path);
            foreach (var tensor in checkpoint.Tensors)
                if (tensor.LengthBytes <= MostCopiedBytes) checkpoint.CopyTo(tensor, Stream.Null, TestContext.Current.CancellationToken);
            Opened++;
        }
        catch (NativeRetrievalException error)
        {
            Refused++;
            if (!error.Message.StartsWith(path, StringComparison.Ordinal) || error.Message.Contains('\n'))
                throw new InvalidOperationException($"{what}: a message without its file: {error.Message}");
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{what}: {error.GetType().Name}: "
                + $"{error.Message}\n{error.StackTrace}\n{Convert.ToBase64String(bytes.AsSpan(0, Math.Min(bytes.Length, 8192)))}", error);
        }
        File.Delete(path);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > AllocationBound.For(bytes.Length))
            throw new InvalidOperationException($"{what}: {allocated} bytes were allocated for a file of {bytes.Length}");
    }

    public void Dispose() => _folder.Dispose();
}
