using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Dot products of a few queries and rows at once, so that a value that was loaded serves several of them.</summary>
internal static unsafe class DotTiles<TLanes, TElement>
    where TLanes : unmanaged, IDotLanes<TLanes>
    where TElement : unmanaged
{
    /// <summary>Queries of a tile. 4 x 6 sums fit the 32 registers of AVX-512, 3 x 4 the 16 of AVX2.</summary>
    public static int Queries => TLanes.Width == 16 ? 4 : 3;

    /// <summary>Rows of a tile.</summary>
    public static int Rows => TLanes.Width == 16 ? 6 : 4;

    /// <param name="query">[<see cref="Queries"/>, width], contiguous.</param>
    /// <param name="rows">Addresses of <see cref="Rows"/> rows.</param>
    /// <param name="scores">[<see cref="Queries"/>, <see cref="Rows"/>].</param>
    /// <param name="ahead">
    /// Address that will be read next: while the sums are made, two cache lines a step are brought nearer from there on. Any address, as
    /// none is touched.
    /// </param>
    public static void Dot(float* query, TElement** rows, int width, float* scores, byte* ahead)
    {
        if (TLanes.Width == 16) Dot4x6(query, rows, width, scores, ahead);
        else Dot3x4(query, rows, width, scores, ahead);
    }

    /// <summary>Bytes that one tile brings nearer.</summary>
    public static long AheadSizeBytes(int width) => (long)width / TLanes.Width * 2 * CacheLineSizeBytes;

    const int CacheLineSizeBytes = 64;

    static void BringNearer(byte* ahead, nint step)
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch1(ahead + step * (2 * CacheLineSizeBytes));
        Sse.Prefetch1(ahead + step * (2 * CacheLineSizeBytes) + CacheLineSizeBytes);
    }

    public static TLanes Load(TElement* source) =>
        typeof(TElement) == typeof(float) ? TLanes.Load((float*)source) : TLanes.LoadBFloat16((ushort*)source);

    static void Dot3x4(float* query, TElement** rows, int width, float* scores, byte* ahead)
    {
        TLanes s00 = default, s01 = default, s02 = default, s03 = default;
        TLanes s10 = default, s11 = default, s12 = default, s13 = default;
        TLanes s20 = default, s21 = default, s22 = default, s23 = default;
        float* query1 = query + width, query2 = query1 + width;
        TElement* row0 = rows[0], row1 = rows[1], row2 = rows[2], row3 = rows[3];
        for (nint i = 0; i < width; i += TLanes.Width)
        {
            BringNearer(ahead, i / TLanes.Width);
            TLanes q0 = TLanes.Load(query + i), q1 = TLanes.Load(query1 + i), q2 = TLanes.Load(query2 + i);
            var x = Load(row0 + i);
            s00 = TLanes.MultiplyAdd(q0, x, s00);
            s10 = TLanes.MultiplyAdd(q1, x, s10);
            s20 = TLanes.MultiplyAdd(q2, x, s20);
            x = Load(row1 + i);
            s01 = TLanes.MultiplyAdd(q0, x, s01);
            s11 = TLanes.MultiplyAdd(q1, x, s11);
            s21 = TLanes.MultiplyAdd(q2, x, s21);
            x = Load(row2 + i);
            s02 = TLanes.MultiplyAdd(q0, x, s02);
            s12 = TLanes.MultiplyAdd(q1, x, s12);
            s22 = TLanes.MultiplyAdd(q2, x, s22);
            x = Load(row3 + i);
            s03 = TLanes.MultiplyAdd(q0, x, s03);
            s13 = TLanes.MultiplyAdd(q1, x, s13);
            s23 = TLanes.MultiplyAdd(q2, x, s23);
        }
        TLanes.Totals(s00, s01, s02, s03, scores);
        TLanes.Totals(s10, s11, s12, s13, scores + 4);
        TLanes.Totals(s20, s21, s22, s23, scores + 8);
    }

    static void Dot4x6(float* query, TElement** rows, int width, float* scores, byte* ahead)
    {
        TLanes s00 = default, s01 = default, s02 = default, s03 = default, s04 = default, s05 = default;
        TLanes s10 = default, s11 = default, s12 = default, s13 = default, s14 = default, s15 = default;
        TLanes s20 = default, s21 = default, s22 = default, s23 = default, s24 = default, s25 = default;
        TLanes s30 = default, s31 = default, s32 = default, s33 = default, s34 = default, s35 = default;
        float* query1 = query + width, query2 = query1 + width, query3 = query2 + width;
        TElement* row0 = rows[0], row1 = rows[1], row2 = rows[2], row3 = rows[3], row4 = rows[4], row5 = rows[5];
        for (nint i = 0; i < width; i += TLanes.Width)
        {
            BringNearer(ahead, i / TLanes.Width);
            TLanes q0 = TLanes.Load(query + i), q1 = TLanes.Load(query1 + i), q2 = TLanes.Load(query2 + i), q3 = TLanes.Load(query3 + i);
            var x = Load(row0 + i);
            s00 = TLanes.MultiplyAdd(q0, x, s00);
            s10 = TLanes.MultiplyAdd(q1, x, s10);
            s20 = TLanes.MultiplyAdd(q2, x, s20);
            s30 = TLanes.MultiplyAdd(q3, x, s30);
            x = Load(row1 + i);
            s01 = TLanes.MultiplyAdd(q0, x, s01);
            s11 = TLanes.MultiplyAdd(q1, x, s11);
            s21 = TLanes.MultiplyAdd(q2, x, s21);
            s31 = TLanes.MultiplyAdd(q3, x, s31);
            x = Load(row2 + i);
            s02 = TLanes.MultiplyAdd(q0, x, s02);
            s12 = TLanes.MultiplyAdd(q1, x, s12);
            s22 = TLanes.MultiplyAdd(q2, x, s22);
            s32 = TLanes.MultiplyAdd(q3, x, s32);
            x = Load(row3 + i);
            s03 = TLanes.MultiplyAdd(q0, x, s03);
            s13 = TLanes.MultiplyAdd(q1, x, s13);
            s23 = TLanes.MultiplyAdd(q2, x, s23);
            s33 = TLanes.MultiplyAdd(q3, x, s33);
            x = Load(row4 + i);
            s04 = TLanes.MultiplyAdd(q0, x, s04);
            s14 = TLanes.MultiplyAdd(q1, x, s14);
            s24 = TLanes.MultiplyAdd(q2, x, s24);
            s34 = TLanes.MultiplyAdd(q3, x, s34);
            x = Load(row5 + i);
            s05 = TLanes.MultiplyAdd(q0, x, s05);
            s15 = TLanes.MultiplyAdd(q1, x, s15);
            s25 = TLanes.MultiplyAdd(q2, x, s25);
            s35 = TLanes.MultiplyAdd(q3, x, s35);
        }
        TLanes.Totals(s00, s01, s02, s03, scores);
        TLanes.Totals(s04, s05, s10, s11, scores + 4);
        TLanes.Totals(s12, s13, s14, s15, scores + 8);
        TLanes.Totals(s20, s21, s22, s23, scores + 12);
        TLanes.Totals(s24, s25, s30, s31, scores + 16);
        TLanes.Totals(s32, s33, s34, s35, scores + 20);
    }
}
