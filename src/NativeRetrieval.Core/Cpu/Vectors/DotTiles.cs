using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Dot products of a few queries and rows at once, so that a value that was loaded serves several of them.</summary>
internal static unsafe class DotTiles<TLanes, TQuery, TElement>
    where TLanes : unmanaged, IDotLanes<TLanes, TQuery>
    where TQuery : unmanaged
    where TElement : unmanaged
{
    /// <summary>Queries of a tile.</summary>
    public const int Queries = 4;

    /// <summary>Most sums of a tile.</summary>
    public const int MostSums = 24;

    const int CacheLineSizeBytes = 64;

    /// <summary>Rows of a tile.</summary>
    public static int Rows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TLanes.Tile == DotTile.FourByThree ? 3 : 6;
    }

    /// <summary>Steps that a tile takes, each over one register of every row: six rows with two queries and then with two others.</summary>
    public static int Steps(int width) => width / TLanes.Width * (TLanes.Tile == DotTile.TwoBySix ? 2 : 1);

    /// <param name="query">[<see cref="Queries"/>, width], contiguous.</param>
    /// <param name="rows">Addresses of <see cref="Rows"/> rows.</param>
    /// <param name="sums">Room for <see cref="MostSums"/> registers of partial sums, aligned as these are.</param>
    /// <param name="scores">[<see cref="Rows"/>, <see cref="Queries"/>].</param>
    /// <param name="ahead">
    /// Address that will be read later: in each of the <see cref="Steps"/>, <paramref name="aheadStep"/> bytes from there on are brought
    /// nearer, 128 at most. Any address, as none is touched.
    /// </param>
    public static void Dot(TQuery* query, TElement** rows, int width, TLanes* sums, float* scores, byte* ahead, nint aheadStep)
    {
        if (TLanes.Tile == DotTile.FourBySix) Sum4x6(query, rows, width, sums, ahead, aheadStep);
        else if (TLanes.Tile == DotTile.FourByThree) Sum4x3(query, rows, width, sums, ahead, aheadStep);
        else
        {
            Sum2x6(query, rows, width, sums, ahead, aheadStep);
            Sum2x6(query + 2 * width, rows, width, sums + 2, ahead + width / TLanes.Width * aheadStep, aheadStep);
        }
        TLanes.Totals(sums, Queries * Rows, scores);
    }

    /// <summary>
    /// Two cache lines in each step, which the next step may ask for again: few at a time, evenly, as a core waits for a limited number.
    /// </summary>
    public static void BringNearer(byte* from)
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch0(from);
        Sse.Prefetch0(from + CacheLineSizeBytes);
    }

    // Each method below ends with its stores: a call behind the loop, or more work, makes the compiler keep every sum on the stack and
    // write it there in each step.

    static void Sum4x3(TQuery* query, TElement** rows, int width, TLanes* sums, byte* ahead, nint aheadStep)
    {
        TLanes s00 = default, s01 = default, s02 = default, s03 = default;
        TLanes s10 = default, s11 = default, s12 = default, s13 = default;
        TLanes s20 = default, s21 = default, s22 = default, s23 = default;
        TQuery* query1 = query + width, query2 = query1 + width, query3 = query2 + width;
        TElement* row0 = rows[0], row1 = rows[1], row2 = rows[2];
        for (nint i = 0; i < width; i += TLanes.Width)
        {
            BringNearer(ahead);
            ahead += aheadStep;
            TLanes x0 = TLanes.LoadRow(row0 + i), x1 = TLanes.LoadRow(row1 + i), x2 = TLanes.LoadRow(row2 + i);
            var q = TLanes.Load(query + i);
            s00 = TLanes.MultiplyAdd(q, x0, s00);
            s10 = TLanes.MultiplyAdd(q, x1, s10);
            s20 = TLanes.MultiplyAdd(q, x2, s20);
            q = TLanes.Load(query1 + i);
            s01 = TLanes.MultiplyAdd(q, x0, s01);
            s11 = TLanes.MultiplyAdd(q, x1, s11);
            s21 = TLanes.MultiplyAdd(q, x2, s21);
            q = TLanes.Load(query2 + i);
            s02 = TLanes.MultiplyAdd(q, x0, s02);
            s12 = TLanes.MultiplyAdd(q, x1, s12);
            s22 = TLanes.MultiplyAdd(q, x2, s22);
            q = TLanes.Load(query3 + i);
            s03 = TLanes.MultiplyAdd(q, x0, s03);
            s13 = TLanes.MultiplyAdd(q, x1, s13);
            s23 = TLanes.MultiplyAdd(q, x2, s23);
        }
        (sums[0], sums[1], sums[2], sums[3]) = (s00, s01, s02, s03);
        (sums[4], sums[5], sums[6], sums[7]) = (s10, s11, s12, s13);
        (sums[8], sums[9], sums[10], sums[11]) = (s20, s21, s22, s23);
    }

    /// <summary>Sums of two queries, with room for two others between them and the next row's.</summary>
    static void Sum2x6(TQuery* query, TElement** rows, int width, TLanes* sums, byte* ahead, nint aheadStep)
    {
        TLanes s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default;
        TLanes s30 = default, s31 = default, s40 = default, s41 = default, s50 = default, s51 = default;
        TQuery* query1 = query + width;
        TElement* row0 = rows[0], row1 = rows[1], row2 = rows[2], row3 = rows[3], row4 = rows[4], row5 = rows[5];
        for (nint i = 0; i < width; i += TLanes.Width)
        {
            BringNearer(ahead);
            ahead += aheadStep;
            TLanes q0 = TLanes.Load(query + i), q1 = TLanes.Load(query1 + i);
            var x = TLanes.LoadRow(row0 + i);
            s00 = TLanes.MultiplyAdd(q0, x, s00);
            s01 = TLanes.MultiplyAdd(q1, x, s01);
            x = TLanes.LoadRow(row1 + i);
            s10 = TLanes.MultiplyAdd(q0, x, s10);
            s11 = TLanes.MultiplyAdd(q1, x, s11);
            x = TLanes.LoadRow(row2 + i);
            s20 = TLanes.MultiplyAdd(q0, x, s20);
            s21 = TLanes.MultiplyAdd(q1, x, s21);
            x = TLanes.LoadRow(row3 + i);
            s30 = TLanes.MultiplyAdd(q0, x, s30);
            s31 = TLanes.MultiplyAdd(q1, x, s31);
            x = TLanes.LoadRow(row4 + i);
            s40 = TLanes.MultiplyAdd(q0, x, s40);
            s41 = TLanes.MultiplyAdd(q1, x, s41);
            x = TLanes.LoadRow(row5 + i);
            s50 = TLanes.MultiplyAdd(q0, x, s50);
            s51 = TLanes.MultiplyAdd(q1, x, s51);
        }
        (sums[0], sums[1], sums[4], sums[5], sums[8], sums[9]) = (s00, s01, s10, s11, s20, s21);
        (sums[12], sums[13], sums[16], sums[17], sums[20], sums[21]) = (s30, s31, s40, s41, s50, s51);
    }

    static void Sum4x6(TQuery* query, TElement** rows, int width, TLanes* sums, byte* ahead, nint aheadStep)
    {
        TLanes s00 = default, s01 = default, s02 = default, s03 = default, s10 = default, s11 = default, s12 = default, s13 = default;
        TLanes s20 = default, s21 = default, s22 = default, s23 = default, s30 = default, s31 = default, s32 = default, s33 = default;
        TLanes s40 = default, s41 = default, s42 = default, s43 = default, s50 = default, s51 = default, s52 = default, s53 = default;
        TQuery* query1 = query + width, query2 = query1 + width, query3 = query2 + width;
        TElement* row0 = rows[0], row1 = rows[1], row2 = rows[2], row3 = rows[3], row4 = rows[4], row5 = rows[5];
        for (nint i = 0; i < width; i += TLanes.Width)
        {
            BringNearer(ahead);
            ahead += aheadStep;
            TLanes q0 = TLanes.Load(query + i), q1 = TLanes.Load(query1 + i), q2 = TLanes.Load(query2 + i), q3 = TLanes.Load(query3 + i);
            var x = TLanes.LoadRow(row0 + i);
            s00 = TLanes.MultiplyAdd(q0, x, s00);
            s01 = TLanes.MultiplyAdd(q1, x, s01);
            s02 = TLanes.MultiplyAdd(q2, x, s02);
            s03 = TLanes.MultiplyAdd(q3, x, s03);
            x = TLanes.LoadRow(row1 + i);
            s10 = TLanes.MultiplyAdd(q0, x, s10);
            s11 = TLanes.MultiplyAdd(q1, x, s11);
            s12 = TLanes.MultiplyAdd(q2, x, s12);
            s13 = TLanes.MultiplyAdd(q3, x, s13);
            x = TLanes.LoadRow(row2 + i);
            s20 = TLanes.MultiplyAdd(q0, x, s20);
            s21 = TLanes.MultiplyAdd(q1, x, s21);
            s22 = TLanes.MultiplyAdd(q2, x, s22);
            s23 = TLanes.MultiplyAdd(q3, x, s23);
            x = TLanes.LoadRow(row3 + i);
            s30 = TLanes.MultiplyAdd(q0, x, s30);
            s31 = TLanes.MultiplyAdd(q1, x, s31);
            s32 = TLanes.MultiplyAdd(q2, x, s32);
            s33 = TLanes.MultiplyAdd(q3, x, s33);
            x = TLanes.LoadRow(row4 + i);
            s40 = TLanes.MultiplyAdd(q0, x, s40);
            s41 = TLanes.MultiplyAdd(q1, x, s41);
            s42 = TLanes.MultiplyAdd(q2, x, s42);
            s43 = TLanes.MultiplyAdd(q3, x, s43);
            x = TLanes.LoadRow(row5 + i);
            s50 = TLanes.MultiplyAdd(q0, x, s50);
            s51 = TLanes.MultiplyAdd(q1, x, s51);
            s52 = TLanes.MultiplyAdd(q2, x, s52);
            s53 = TLanes.MultiplyAdd(q3, x, s53);
        }
        (sums[0], sums[1], sums[2], sums[3]) = (s00, s01, s02, s03);
        (sums[4], sums[5], sums[6], sums[7]) = (s10, s11, s12, s13);
        (sums[8], sums[9], sums[10], sums[11]) = (s20, s21, s22, s23);
        (sums[12], sums[13], sums[14], sums[15]) = (s30, s31, s32, s33);
        (sums[16], sums[17], sums[18], sums[19]) = (s40, s41, s42, s43);
        (sums[20], sums[21], sums[22], sums[23]) = (s50, s51, s52, s53);
    }
}
