using System.Runtime.InteropServices;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Search;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// Rows of one segment in memory, in pieces, with the checksum of each. Grows as the segment does: rows that are here are not read again.
/// </summary>
/// <remarks>
/// The memory lives until its owner and all that have acquired it have let go. <see cref="Read"/> is for one thread at a time, beside any
/// number that search the rows that were here before.
/// </remarks>
internal sealed unsafe partial class RowMemory(SegmentFormat format)
{
    /// <summary>Bytes of a piece: the part of a search that one thread takes at a time.</summary>
    const int PieceSizeBytes = 4 << 20;

    readonly List<nint> _pieces = [];
    int _holders = 1;

    /// <summary>Rows of a piece, a multiple of 64 so that a piece's share of a bitmap is whole words.</summary>
    public static int PieceRows(SegmentFormat format) => Math.Max(1, PieceSizeBytes / format.StrideBytes / 64) * 64;

    /// <summary>Reads rows of a file into the places <paramref name="place"/> and after. All cores share the work.</summary>
    /// <param name="place">The place of the first row; those before it are here already, and it begins a piece or goes on with one.</param>
    public void Read(SegmentFile file, int first, int place, uint[] checksums)
    {
        int rows = PieceRows(format), end = place + checksums.Length;
        while ((long)_pieces.Count * rows < end) 
            _pieces.Add(Allocate((nuint)rows * (nuint)format.StrideBytes));
        int firstPiece = place / rows;
        Workers.Run((end - 1) / rows - firstPiece + 1, part =>
        {
            int piece = firstPiece + part, from = Math.Max(place, piece * rows), to = Math.Min(end, (piece + 1) * rows);
            file.Read(first + from - place, (byte*)_pieces[piece] + (long)(from - piece * rows) * format.StrideBytes,
                checksums.AsSpan(from - place, to - from));
        });
    }

    /// <summary>The first <paramref name="count"/> rows as blocks to be searched.</summary>
    /// <param name="firstId">Id of the first row.</param>
    /// <param name="excluded">Bitmap of the rows that must not be found; its first word is that of the first row.</param>
    public IEnumerable<RowBlock> Blocks(int count, long firstId, ReadOnlyMemory<ulong> excluded)
    {
        int rows = PieceRows(format);
        for (int piece = 0; piece * rows < count; piece++)
        {
            int word = Math.Min(piece * rows / 64, excluded.Length), words = Math.Min(rows / 64, excluded.Length - word);
            yield return new RowBlock(_pieces[piece], Math.Min(rows, count - piece * rows), firstId + piece * rows,
                excluded.Slice(word, words).ToArray());
        }
    }

    /// <summary>
    /// Memory in huge pages where the system has them: a fresh page costs as much as a copy of its bytes, and these are 512 times as many.
    /// </summary>
    static nint Allocate(nuint bytes)
    {
        const int hugePageSizeBytes = 2 << 20, adviseHugePages = 14;
        var piece = (nint)NativeMemory.AlignedAlloc(bytes, bytes < hugePageSizeBytes ? 64u : hugePageSizeBytes);
        // Advice only: a kernel without huge pages refuses it, and nothing is lost.
        if (OperatingSystem.IsLinux() && bytes >= hugePageSizeBytes)
            _ = Advise(piece, bytes & ~(nuint)(hugePageSizeBytes - 1), adviseHugePages);
        return piece;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);

    public void Acquire() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0) return;
        foreach (nint piece in _pieces) NativeMemory.AlignedFree((void*)piece);
        _pieces.Clear();
    }
}
