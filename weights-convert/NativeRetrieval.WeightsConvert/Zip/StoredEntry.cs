using System.Buffers;
using System.IO.Hashing;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.PyTorch;

namespace NativeRetrieval.WeightsConvert.Zip;

/// <summary>An entry that lies in the archive as it is, read in place. Before the first use its CRC-32 is compared.</summary>
sealed class StoredEntry(MappedBytes file, ZipEntry entry, long dataOffset) : StorageData(entry.LengthBytes)
{
    bool _intact;

    public override void CopyTo(long offset, long length, Stream destination, string what, CancellationToken cancellation)
    {
        CheckIntact(what, cancellation);
        file.CopyTo(dataOffset + offset, length, destination, cancellation);
    }

    public override void Use<TState>(long offset, int length, string what, TState state, ReadOnlySpanAction<byte, TState> action)
    {
        CheckIntact(what, CancellationToken.None);
        using var window = file.Map(dataOffset + offset, length);
        action(window.Span, state);
    }

    void CheckIntact(string what, CancellationToken cancellation)
    {
        if (_intact) return;
        var crc = new Crc32();
        for (long at = 0; at < entry.LengthBytes; at += MappedBytes.WindowBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            using var window = file.Map(dataOffset + at, Math.Min(MappedBytes.WindowBytes, entry.LengthBytes - at));
            crc.Append(window.Span);
        }
        if (crc.GetCurrentHashAsUInt32() != entry.Crc)
            throw new CorruptFileException(file.Path, $"{what}: {entry.ChecksumProblem(crc.GetCurrentHashAsUInt32())}");
        _intact = true;
    }
}
