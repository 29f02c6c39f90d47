using System.Buffers;
using System.IO.Compression;
using System.IO.Hashing;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.PyTorch;

namespace NativeRetrieval.WeightsConvert.Zip;

/// <summary>
/// A compressed entry. It is streamed and never grows past the length that the archive promises. Before the first use it is inflated once
/// to compare length and CRC-32.
/// </summary>
sealed class DeflatedEntry(MappedBytes file, ZipEntry entry, long dataOffset) : StorageData(entry.LengthBytes)
{
    const int BlockBytes = 1 << 16;
    const int MostTimesStored = 64;
    const int AlwaysAllowedBytes = 1 << 20;

    bool _intact;

    public override void CopyTo(long offset, long length, Stream destination, string what, CancellationToken cancellation)
    {
        CheckIntact(what, cancellation);
        Inflate(offset, offset + length, what, destination, static (block, to) => to.Write(block), cancellation);
    }

    public override void Use<TState>(long offset, int length, string what, TState state, ReadOnlySpanAction<byte, TState> action)
    {
        if (length > entry.StoredBytes * MostTimesStored + AlwaysAllowedBytes)
            throw Refuse(what, $"{entry.StoredBytes} compressed bytes are said to hold {length}; weights do not compress like that");
        CheckIntact(what, CancellationToken.None);
        using var inflated = new MemoryStream(length);
        Inflate(offset, offset + length, what, inflated, static (block, to) => to.Write(block), CancellationToken.None);
        action(inflated.GetBuffer().AsSpan(0, length), state);
    }

    void CheckIntact(string what, CancellationToken cancellation)
    {
        if (_intact) return;
        var crc = new Crc32();
        // One byte more than promised is asked for, so that a longer entry shows.
        long length = Inflate(0, entry.LengthBytes + 1, what, crc, static (block, to) => to.Append(block), cancellation);
        if (length != entry.LengthBytes)
            throw Refuse(what, length > entry.LengthBytes
                ? $"it inflates to more than {entry.LengthBytes}"
                : $"it inflates to {length} bytes, not {entry.LengthBytes}");
        if (crc.GetCurrentHashAsUInt32() != entry.Crc) throw Refuse(what, entry.ChecksumProblem(crc.GetCurrentHashAsUInt32()));
        _intact = true;
    }

    /// <summary>Hands out the inflated bytes from <paramref name="begin"/> to <paramref name="end"/> in blocks.</summary>
    /// <returns>Position of the end, before <paramref name="end"/> if the entry does.</returns>
    long Inflate<TState>(long begin, long end, string what, TState state, ReadOnlySpanAction<byte, TState> take,
        CancellationToken cancellation)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            using var source = new DeflateStream(file.OpenStream(dataOffset, entry.StoredBytes), CompressionMode.Decompress);
            long at = 0;
            while (at < end)
            {
                cancellation.ThrowIfCancellationRequested();
                int count = source.Read(block, 0, (int)Math.Min(BlockBytes, end - at));
                if (count == 0) break;
                int skip = (int)Math.Clamp(begin - at, 0, count);
                take(block.AsSpan(skip, count - skip), state);
                at += count;
            }
            return at;
        }
        catch (InvalidDataException error)
        {
            throw new CorruptFileException(file.Path, $"{what}: entry '{PlainText.Short(entry.Name)}' at byte {dataOffset}: its "
                + "compressed data are damaged", error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    CorruptFileException Refuse(string what, string problem) => new(file.Path, $"{what}: {problem}");
}
