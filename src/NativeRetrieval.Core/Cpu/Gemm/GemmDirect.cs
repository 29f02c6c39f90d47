using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// A tile of C for few rows of A, in AVX2: B is read where it lies, its columns along k as in a linear layer's weight, and four steps of
/// eight columns are transposed in registers. Packed first, a value would be written and read again for few multiply-adds.
/// </summary>
/// <remarks>Every element of C is the chain of <see cref="GemmKernel{T}"/>, to the same bits.</remarks>
internal static unsafe class GemmDirect
{
    /// <summary>Columns of a tile.</summary>
    public const int Columns = 16;

    /// <summary>Columns that are transposed at a time.</summary>
    const int Lanes = 8;

    /// <summary>Rows of the largest tile. It loads a value of A for each multiply-add: with more rows a packed B takes less time.</summary>
    public const int MaxRows = 8;

    static readonly delegate*<nint, float*, float*, nint, nint, float*, float*, nint, bool, void>[] _byRows =
    [
        &Tile<GemmRows1>, &Tile<GemmRows2>, &Tile<GemmRows3>, &Tile<GemmRows4>,
        &Tile<GemmRows5>, &Tile<GemmRows6>, &Tile<GemmRows7>, &Tile<GemmRows8>,
    ];

    /// <summary>C[rows, <see cref="Columns"/>] = A·B, or += where <paramref name="accumulate"/>.</summary>
    /// <param name="rows">1 … <see cref="MaxRows"/>.</param>
    /// <param name="k">Length of the sum.</param>
    /// <param name="a">Packed [k][rows].</param>
    /// <param name="b">First value of the first column, whose values follow one another.</param>
    /// <param name="bStride">Values from one column of B to the next.</param>
    /// <param name="ahead">Values from a part of B to that which is fetched meanwhile.</param>
    /// <param name="panel">Room for [k][<see cref="Columns"/>], B as packed, or null.</param>
    /// <param name="c">First element of the tile.</param>
    /// <param name="cStride">Values from one row of C to the next.</param>
    /// <param name="accumulate">True adds to C.</param>
    public static void Run(int rows, nint k, float* a, float* b, nint bStride, nint ahead, float* panel, float* c, nint cStride,
        bool accumulate)
    {
        for (int lane = 0; lane < Columns; lane += Lanes, b += Lanes * bStride, c += Lanes)
            _byRows[rows - 1](k, a, b, bStride, ahead, panel == null ? null : panel + lane, c, cStride, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Tile<TRows>(nint k, float* a, float* b, nint bStride, nint ahead, float* panel, float* c, nint cStride, bool accumulate)
        where TRows : struct, IGemmRows
    {
        Vector256<float> c0 = default, c1 = default, c2 = default, c3 = default;
        Vector256<float> c4 = default, c5 = default, c6 = default, c7 = default;
        nint twice = 2 * bStride, thrice = 3 * bStride;
        float* low = b, high = b + 4 * bStride;
        for (; k >= 4; k -= 4, low += 4, high += 4, a += 4 * TRows.Count)
        {
            if ((k & GemmPacking.FloatsPerLine - 1) < 4)
            {
                float* next = low + ahead;
                for (int column = 0; column < Lanes; column++, next += bStride) Sse.Prefetch0(next);
            }
            var (b0, b1, b2, b3) = FourSteps(low, high, bStride);
            if (panel != null)
            {
                b0.Store(panel);
                b1.Store(panel + Columns);
                b2.Store(panel + 2 * Columns);
                b3.Store(panel + 3 * Columns);
                panel += 4 * Columns;
            }
            c0 = Add(a, TRows.Count, b0, b1, b2, b3, c0);
            if (TRows.Count > 1) c1 = Add(a + 1, TRows.Count, b0, b1, b2, b3, c1);
            if (TRows.Count > 2) c2 = Add(a + 2, TRows.Count, b0, b1, b2, b3, c2);
            if (TRows.Count > 3) c3 = Add(a + 3, TRows.Count, b0, b1, b2, b3, c3);
            if (TRows.Count > 4) c4 = Add(a + 4, TRows.Count, b0, b1, b2, b3, c4);
            if (TRows.Count > 5) c5 = Add(a + 5, TRows.Count, b0, b1, b2, b3, c5);
            if (TRows.Count > 6) c6 = Add(a + 6, TRows.Count, b0, b1, b2, b3, c6);
            if (TRows.Count > 7) c7 = Add(a + 7, TRows.Count, b0, b1, b2, b3, c7);
        }
        for (; k > 0; k--, low++, high++, a += TRows.Count)
        {
            var x = Vector256.Create(*low, low[bStride], low[twice], low[thrice], *high, high[bStride], high[twice], high[thrice]);
            if (panel != null)
            {
                x.Store(panel);
                panel += Columns;
            }
            c0 = Add(a, x, c0);
            if (TRows.Count > 1) c1 = Add(a + 1, x, c1);
            if (TRows.Count > 2) c2 = Add(a + 2, x, c2);
            if (TRows.Count > 3) c3 = Add(a + 3, x, c3);
            if (TRows.Count > 4) c4 = Add(a + 4, x, c4);
            if (TRows.Count > 5) c5 = Add(a + 5, x, c5);
            if (TRows.Count > 6) c6 = Add(a + 6, x, c6);
            if (TRows.Count > 7) c7 = Add(a + 7, x, c7);
        }
        StoreRow(c, c0, accumulate);
        if (TRows.Count > 1) StoreRow(c += cStride, c1, accumulate);
        if (TRows.Count > 2) StoreRow(c += cStride, c2, accumulate);
        if (TRows.Count > 3) StoreRow(c += cStride, c3, accumulate);
        if (TRows.Count > 4) StoreRow(c += cStride, c4, accumulate);
        if (TRows.Count > 5) StoreRow(c += cStride, c5, accumulate);
        if (TRows.Count > 6) StoreRow(c += cStride, c6, accumulate);
        if (TRows.Count > 7) StoreRow(c += cStride, c7, accumulate);
    }

    /// <summary>Four steps of eight columns: a vector of columns for each.</summary>
    /// <param name="low">The first column.</param>
    /// <param name="high">The fifth column.</param>
    /// <param name="stride">Values from one column to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static (Vector256<float>, Vector256<float>, Vector256<float>, Vector256<float>) FourSteps(float* low, float* high, nint stride)
    {
        Vector256<float> x0 = Two(low, high), x1 = Two(low + stride, high + stride);
        Vector256<float> x2 = Two(low + 2 * stride, high + 2 * stride), x3 = Two(low + 3 * stride, high + 3 * stride);
        Vector256<double> low01 = Avx.UnpackLow(x0, x1).AsDouble(), high01 = Avx.UnpackHigh(x0, x1).AsDouble();
        Vector256<double> low23 = Avx.UnpackLow(x2, x3).AsDouble(), high23 = Avx.UnpackHigh(x2, x3).AsDouble();
        return (Avx.UnpackLow(low01, low23).AsSingle(), Avx.UnpackHigh(low01, low23).AsSingle(),
            Avx.UnpackLow(high01, high23).AsSingle(), Avx.UnpackHigh(high01, high23).AsSingle());

        static Vector256<float> Two(float* low, float* high) =>
            Avx.InsertVector128(Vector128.Load(low).ToVector256Unsafe(), Vector128.Load(high), 1);
    }

    /// <summary>Four steps of one row, in the order of k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Add(float* a, nint stride, Vector256<float> b0, Vector256<float> b1, Vector256<float> b2, Vector256<float> b3,
        Vector256<float> sum) =>
        Add(a + 3 * stride, b3, Add(a + 2 * stride, b2, Add(a + stride, b1, Add(a, b0, sum))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Add(float* a, Vector256<float> b, Vector256<float> sum) =>
        Vector256.FusedMultiplyAdd(Vector256.Create(*a), b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreRow(float* c, Vector256<float> sum, bool accumulate)
    {
        if (accumulate) sum += Vector256.Load(c);
        sum.Store(c);
    }
}
