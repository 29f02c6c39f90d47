using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Storage.Searching;

/// <summary>Some rows of an index, read from their files one by one, compared with their checksums and scored as they are.</summary>
/// <param name="ids">The rows, ascending.</param>
/// <param name="checksums">What was written for each.</param>
/// <param name="segments">The segments that they are of, by id.</param>
internal sealed unsafe class ListedRows(SegmentFormat format, long[] ids, uint[] checksums, IReadOnlyDictionary<int, SegmentRows> segments)
{
    /// <summary>Rows that one thread reads at a time: they stay in its cache until they are scored.</summary>
    const int PartRows = 64;

    /// <returns>One list of at most k rows for each query.</returns>
    /// <param name="damaged">A row that is not what was written, or −1; where there is one, the lists mean nothing.</param>
    public TopKList[] TopK(ReadOnlySpan<float> queries, int k, out long damaged)
    {
        bool[] intact = new bool[ids.Length];
        var buffers = new ConcurrentBag<nint>();
        TopKList[] best;
        try
        {
            best = RowSearch.TopK((ids.Length + PartRows - 1) / PartRows, (part, search) =>
            {
                if (!buffers.TryTake(out nint buffer))
                    buffer = (nint)NativeMemory.AlignedAlloc((nuint)(PartRows * format.StrideBytes), 64);
                int first = part * PartRows, count = Math.Min(PartRows, ids.Length - first);
                try
                {
                    Read(first, (byte*)buffer, intact.AsSpan(first, count));
                    search(new RowBlock(buffer, count, first, Excluded: []));
                }
                finally
                {
                    buffers.Add(buffer);
                }
            }, format.Element, format.Dimension, queries, k);
        }
        finally
        {
            foreach (nint buffer in buffers) NativeMemory.AlignedFree((void*)buffer);
        }
        int broken = Array.IndexOf(intact, false);
        damaged = broken < 0 ? -1 : ids[broken];
        foreach (var list in best) NameRows(list);
        return best;
    }

    void Read(int first, byte* target, Span<bool> intact)
    {
        Span<uint> read = stackalloc uint[PartRows];
        read = read[..intact.Length];
        for (int i = 0; i < intact.Length; i++)
            segments[RowId.Segment(ids[first + i])].File.Read(RowId.Row(ids[first + i]), target + (long)i * format.StrideBytes);
        RowChecksums.Of(target, format.StrideBytes, read);
        for (int i = 0; i < intact.Length; i++) intact[i] = read[i] == checksums[first + i];
    }

    /// <summary>Puts ids for the places among them, which rank in the same order where scores are equal.</summary>
    void NameRows(TopKList list)
    {
        float[] scores = new float[list.Count];
        long[] places = new long[list.Count];
        list.Drain(scores, places);
        for (int i = 0; i < scores.Length; i++) list.Offer(scores[i], ids[places[i]]);
    }
}
