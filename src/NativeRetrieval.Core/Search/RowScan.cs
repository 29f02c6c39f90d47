using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Search;

/// <summary>A part of a block: rows <paramref name="Begin"/> to <paramref name="End"/> − 1.</summary>
internal readonly record struct RowRange(RowBlock Block, int Begin, int End);

/// <summary>
/// One thread's walk over rows, which offers each row's scores to the lists. One query reads float32 rows one after another, as the
/// processor reads ahead best. Several take rows in tiles that stay in the level-1 cache while all queries pass over them.
/// </summary>
/// <param name="queries">[Q, width], zero-padded; behind them zero queries up to <see cref="Tiled"/>.</param>
/// <param name="width">Elements of a row with its padding.</param>
internal readonly unsafe struct RowScan<TLanes, TQuery, TElement>(TQuery* queries, int queryCount, int width, QueryLists best)
    where TLanes : unmanaged, IDotLanes<TLanes, TQuery>
    where TQuery : unmanaged
    where TElement : unmanaged
{
    /// <summary>Bytes of queries that stay in the level-2 cache beside the rows that pass.</summary>
    const int QueriesSizeBytes = 128 << 10;

    /// <summary>Rows that pass over one cacheful of queries before the next is loaded.</summary>
    const int PanelRows = 192;

    /// <summary>Most bytes that are brought nearer while one register of a row is worked on.</summary>
    const int MostAheadStep = 192;

    /// <summary>Narrow rows that one query is compared with at once, and how far ahead of them rows are brought nearer.</summary>
    const int RowsAtOnce = 4, RowsAhead = 8;

    const int TileQueries = DotTiles<TLanes, TQuery, TElement>.Queries, SumsAlignment = 64;

    readonly TQuery* _queries = queries;

    /// <summary>Queries with those added that make up whole tiles.</summary>
    public static int Tiled(int queries) => queries < 2 ? queries : (queries + TileQueries - 1) / TileQueries * TileQueries;

    public void Search(RowRange range)
    {
        if (queryCount == 1)
        {
            if (typeof(TElement) == typeof(float)) SearchRows(range);
            else SearchFourRows(range);
            return;
        }
        byte* memory = stackalloc byte[DotTiles<TLanes, TQuery, TElement>.MostSums * sizeof(TLanes) + SumsAlignment];
        var sums = (TLanes*)((nint)(memory + SumsAlignment - 1) & -SumsAlignment);
        int block = Math.Max(1, QueriesSizeBytes / (sizeof(TQuery) * width) / TileQueries) * TileQueries;
        for (int begin = range.Begin; begin < range.End; begin += PanelRows)
        {
            var panel = range with { Begin = begin, End = Math.Min(begin + PanelRows, range.End) };
            for (int first = 0; first < queryCount; first += block)
                SearchTiles(panel, first, Math.Min(first + block, queryCount), sums);
        }
    }

    void SearchRows(RowRange range)
    {
        foreach (int row in new FoundRows(range)) best.Offer(0, Dot(_queries, Row(range, row)), range.Block.FirstId + row);
    }

    /// <summary>
    /// The same with four rows at a time: of narrow ones memory gives more than a single chain of multiply-adds takes. The processor
    /// foresees four rows side by side less well, so the next ones are asked for.
    /// </summary>
    void SearchFourRows(RowRange range)
    {
        int count = 0;
        int* found = stackalloc int[RowsAtOnce];
        float* scores = stackalloc float[RowsAtOnce];
        foreach (int row in new FoundRows(range))
        {
            found[count++] = row;
            if (count < RowsAtOnce) continue;
            Dot(_queries, Row(range, found[0]), Row(range, found[1]), Row(range, found[2]), Row(range, found[3]), scores);
            for (int i = 0; i < RowsAtOnce; i++) best.Offer(0, scores[i], range.Block.FirstId + found[i]);
            count = 0;
        }
        for (int i = 0; i < count; i++) best.Offer(0, Dot(_queries, Row(range, found[i])), range.Block.FirstId + found[i]);
    }

    void SearchTiles(RowRange range, int firstQuery, int endQuery, TLanes* sums)
    {
        int tileRows = DotTiles<TLanes, TQuery, TElement>.Rows, count = 0;
        int* tile = stackalloc int[tileRows];
        foreach (int row in new FoundRows(range))
        {
            tile[count++] = row;
            if (count < tileRows) continue;
            SearchTile(range, tile, firstQuery, endQuery, sums);
            count = 0;
        }
        for (int i = 0; i < count; i++)
            for (int q = firstQuery; q < endQuery; q++)
                best.Offer(q, Dot(_queries + (long)q * width, Row(range, tile[i])), range.Block.FirstId + tile[i]);
    }

    void SearchTile(RowRange range, int* tile, int firstQuery, int endQuery, TLanes* sums)
    {
        int tileRows = DotTiles<TLanes, TQuery, TElement>.Rows, tiles = (endQuery - firstQuery + TileQueries - 1) / TileQueries;
        float* scores = stackalloc float[DotTiles<TLanes, TQuery, TElement>.MostSums];
        TElement** rows = stackalloc TElement*[tileRows];
        for (int r = 0; r < tileRows; r++) rows[r] = Row(range, tile[r]);
        // The rows behind these come from memory while these are in the cache and all queries pass over them; where so few pass that this
        // would be too much at once, the processor reads ahead as fast by itself.
        byte* ahead = (byte*)(rows[tileRows - 1] + width);
        nint tileStep = (nint)tileRows * width * sizeof(TElement) / tiles;
        nint aheadStep = tileStep / DotTiles<TLanes, TQuery, TElement>.Steps(width);
        if (aheadStep > MostAheadStep) tileStep = aheadStep = 0;
        for (int first = firstQuery; first < endQuery; first += TileQueries)
        {
            DotTiles<TLanes, TQuery, TElement>.Dot(_queries + (long)first * width, rows, width, sums, scores, ahead, aheadStep);
            ahead += tileStep;
            for (int r = 0; r < tileRows; r++) best.OfferFour(first, scores + r * TileQueries, range.Block.FirstId + tile[r]);
        }
    }

    TElement* Row(RowRange range, int row) => (TElement*)range.Block.Rows + (long)row * width;

    float Dot(TQuery* query, TElement* row)
    {
        TLanes sum = default;
        for (nint i = 0; i < width; i += TLanes.Width)
            sum = TLanes.MultiplyAdd(TLanes.Load(query + i), TLanes.LoadRow(row + i), sum);
        return TLanes.Total(sum);
    }

    void Dot(TQuery* query, TElement* row0, TElement* row1, TElement* row2, TElement* row3, float* scores)
    {
        TLanes sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        byte* ahead = (byte*)row0 + RowsAhead * (nint)width * sizeof(TElement);
        for (nint i = 0; i < width; i += TLanes.Width)
        {
            DotTiles<TLanes, TQuery, TElement>.BringNearer(ahead);
            ahead += RowsAtOnce * TLanes.Width * sizeof(TElement);
            var q = TLanes.Load(query + i);
            sum0 = TLanes.MultiplyAdd(q, TLanes.LoadRow(row0 + i), sum0);
            sum1 = TLanes.MultiplyAdd(q, TLanes.LoadRow(row1 + i), sum1);
            sum2 = TLanes.MultiplyAdd(q, TLanes.LoadRow(row2 + i), sum2);
            sum3 = TLanes.MultiplyAdd(q, TLanes.LoadRow(row3 + i), sum3);
        }
        (scores[0], scores[1], scores[2], scores[3]) = (TLanes.Total(sum0), TLanes.Total(sum1), TLanes.Total(sum2), TLanes.Total(sum3));
    }

    /// <summary>The rows of a range that may be found, in order; words of excluded rows are passed over at once.</summary>
    struct FoundRows(RowRange range)
    {
        ulong _word = WordOf(range, range.Begin / 64);
        int _index = range.Begin / 64;

        public int Current { get; private set; }

        public readonly FoundRows GetEnumerator() => this;

        public bool MoveNext()
        {
            while (_word == 0)
            {
                if (++_index * 64 >= range.End) return false;
                _word = WordOf(range, _index);
            }
            Current = _index * 64 + BitOperations.TrailingZeroCount(_word);
            _word &= _word - 1;
            return true;
        }

        /// <summary>The rows of one word that are in the range and not excluded.</summary>
        static ulong WordOf(RowRange range, int index)
        {
            ulong word = index < range.Block.Excluded.Length ? ~range.Block.Excluded[index] : ulong.MaxValue;
            int before = range.Begin - index * 64, behind = index * 64 + 64 - range.End;
            if (before > 0) word &= ulong.MaxValue << before;
            if (behind > 0) word &= behind >= 64 ? 0 : ulong.MaxValue >> behind;
            return word;
        }
    }
}
