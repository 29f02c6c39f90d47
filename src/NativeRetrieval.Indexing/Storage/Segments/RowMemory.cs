using System.Runtime.InteropServices;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>
/// Rows of one segment in memory, in pieces, with the checksum of each. Grows as the segment does: rows that are here are not read again.
/// </summary>
/// <remarks>
/// The memory lives until its owner and all that have acquired it have let go. <see cref="Read"/> is for one thread at a time, beside any
/// number that search the rows that were here before.
/// </remarks>
/// <param name="rounded">True to keep the rows in fixed point, as <see cref="RowRounding"/> makes them; false: as they are.</param>
internal sealed unsafe partial class RowMemory(SegmentFormat format, bool rounded = false)
{
    /// <summary>Bytes of a piece: the part of a search that one thread takes at a time.</summary>
    const int PieceSizeBytes = 4 << 20;

    /// <summary>Bytes of rows that are read at a time to be rounded.</summary>
    const int UnroundedSizeBytes = 256 << 10;

    readonly List<nint> _pieces = [];
    readonly int _strideBytes = rounded ? RoundedStrideBytes(format) : format.StrideBytes;
    readonly Lock _gate = new();
    int _holders = 1;

    public static int RoundedStrideBytes(SegmentFormat format) => RowSearch.StrideBytes(format.Dimension, DType.Int16);

    /// <summary>Rows of a piece, a multiple of 64 so that a piece's share of a bitmap is whole words.</summary>
    public int PieceRows => Math.Max(1, PieceSizeBytes / _strideBytes / 64) * 64;

    /// <summary>The greatest distance of a row from its rounded copy, rounded up; 0 where none was rounded.</summary>
    public double LargestError { get; private set; }

    /// <summary>The greatest length of a row that was rounded, rounded up.</summary>
    public double LargestNorm { get; private set; }

    /// <summary>Reads rows of a file into the places <paramref name="place"/> and after. All cores share the work.</summary>
    /// <param name="place">The place of the first row; those before it are here already, and it begins a piece or goes on with one.</param>
    public void Read(SegmentFile file, int first, int place, uint[] checksums)
    {
        int rows = PieceRows, end = place + checksums.Length;
        while ((long)_pieces.Count * rows < end) _pieces.Add(Allocate((nuint)rows * (nuint)_strideBytes));
        int firstPiece = place / rows;
        Workers.Run((end - 1) / rows - firstPiece + 1, part =>
        {
            int piece = firstPiece + part, from = Math.Max(place, piece * rows), to = Math.Min(end, (piece + 1) * rows);
            byte* target = (byte*)_pieces[piece] + (long)(from - piece * rows) * _strideBytes;
            var here = checksums.AsSpan(from - place, to - from);
            if (rounded) ReadRounded(file, first + from - place, (short*)target, here);
            else file.Read(first + from - place, target, here);
        });
    }

    void ReadRounded(SegmentFile file, int first, short* target, Span<uint> checksums)
    {
        int atATime = Math.Max(1, UnroundedSizeBytes / format.StrideBytes), width = _strideBytes / sizeof(short);
        byte* unrounded = (byte*)NativeMemory.AlignedAlloc((nuint)atATime * (nuint)format.StrideBytes, 64);
        try
        {
            var rounding = new RowRounding();
            for (int done = 0; done < checksums.Length; done += atATime)
            {
                var here = checksums[done..Math.Min(done + atATime, checksums.Length)];
                file.Read(first + done, unrounded, here);
                for (int row = 0; row < here.Length; row++)
                {
                    byte* source = unrounded + (long)row * format.StrideBytes;
                    var copy = new Span<short>(target + (long)(done + row) * width, width);
                    if (format.Element == DType.BFloat16)
                        rounding.Round(new ReadOnlySpan<BFloat16>(source, format.StrideBytes / sizeof(BFloat16)), copy);
                    else rounding.Round(new ReadOnlySpan<float>(source, format.StrideBytes / sizeof(float)), copy);
                }
            }
            lock (_gate)
                (LargestError, LargestNorm) = (Math.Max(LargestError, rounding.LargestError), Math.Max(LargestNorm, rounding.LargestNorm));
        }
        finally
        {
            NativeMemory.AlignedFree(unrounded);
        }
    }

    /// <summary>The first <paramref name="count"/> rows as blocks to be searched.</summary>
    /// <param name="firstId">Id of the first row.</param>
    /// <param name="rows">The segment's rows, for those that must not be found; null: none.</param>
    public IEnumerable<RowBlock> Blocks(int count, long firstId, SegmentRows? rows)
    {
        for (int first = 0; first < count; first += PieceRows)
        {
            int here = Math.Min(PieceRows, count - first);
            yield return new RowBlock(_pieces[first / PieceRows], here, firstId + first, rows?.ExcludedOf(first, here) ?? []);
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
