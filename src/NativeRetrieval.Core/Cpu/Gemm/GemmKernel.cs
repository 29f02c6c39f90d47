using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// The inner kernel of the matrix product: a tile of C, up to <see cref="Rows"/> × <see cref="Columns"/>, is held in
/// registers while k runs. Per step it loads two vectors of B and broadcasts each row's value of A.
/// </summary>
/// <remarks>
/// Every element of C is one chain of fused multiply-adds in the order of k, whatever the tile: all vector widths with
/// FMA give the same bits. Tile sizes fill the register file: 14 × 2 of 32 registers in AVX-512, 6 × 2 of 16 in AVX2.
/// </remarks>
internal sealed unsafe class GemmKernel<T> where T : unmanaged
{
    /// <summary>Bytes of A; past its end a prefetch does nothing.</summary>
    const int PrefetchAhead = 4096;

    const int BytesPerLine = 64;

    readonly delegate*<nint, T*, GemmPanel<T>*, T*, nint, bool, void>[] _byRows;

    GemmKernel(int columns, delegate*<nint, T*, GemmPanel<T>*, T*, nint, bool, void>[] byRows)
    {
        (Columns, _byRows) = (columns, byRows);
    }

    /// <summary>Rows of the largest tile.</summary>
    public int Rows => _byRows.Length;

    /// <summary>Columns of a tile; a panel of packed B is as wide.</summary>
    public int Columns { get; }

    public static GemmKernel<T> Avx512 { get; } = new(2 * Vector512<T>.Count,
    [
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows1>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows2>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows3>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows4>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows5>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows6>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows7>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows8>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows9>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows10>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows11>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows12>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows13>,
        &Tile<GemmSimd512<T>, Vector512<T>, GemmRows14>,
    ]);

    public static GemmKernel<T> Avx2 { get; } = new(2 * Vector256<T>.Count,
    [
        &Tile<GemmSimd256<T>, Vector256<T>, GemmRows1>,
        &Tile<GemmSimd256<T>, Vector256<T>, GemmRows2>,
        &Tile<GemmSimd256<T>, Vector256<T>, GemmRows3>,
        &Tile<GemmSimd256<T>, Vector256<T>, GemmRows4>,
        &Tile<GemmSimd256<T>, Vector256<T>, GemmRows5>,
        &Tile<GemmSimd256<T>, Vector256<T>, GemmRows6>,
    ]);

    public static GemmKernel<T> Portable { get; } = new(2 * Vector<T>.Count,
    [
        &Tile<GemmSimdPortable<T>, Vector<T>, GemmRows1>,
        &Tile<GemmSimdPortable<T>, Vector<T>, GemmRows2>,
        &Tile<GemmSimdPortable<T>, Vector<T>, GemmRows3>,
        &Tile<GemmSimdPortable<T>, Vector<T>, GemmRows4>,
        &Tile<GemmSimdPortable<T>, Vector<T>, GemmRows5>,
        &Tile<GemmSimdPortable<T>, Vector<T>, GemmRows6>,
    ]);

    /// <summary>The widest kernel that this machine runs in hardware.</summary>
    public static GemmKernel<T> Best { get; } =
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? Avx512
        : System.Runtime.Intrinsics.X86.Avx2.IsSupported && Fma.IsSupported ? Avx2
        : Portable;

    /// <summary>C[rows, Columns] = A·B, or += where <paramref name="accumulate"/>.</summary>
    /// <param name="rows">1 … <see cref="Rows"/>.</param>
    /// <param name="k">Length of the sum; 0 is allowed.</param>
    /// <param name="a">Packed [k][rows].</param>
    /// <param name="b">Packed [k][Columns].</param>
    /// <param name="c">First element of the tile.</param>
    /// <param name="cStride">Values from one row of C to the next.</param>
    /// <param name="accumulate">True adds to C.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int rows, nint k, T* a, T* b, T* c, nint cStride, bool accumulate) =>
        Run(rows, k, a, new GemmPanel<T>(b, Columns / 2, Columns), c, cStride, accumulate);

    /// <inheritdoc cref="Run(int, nint, T*, T*, T*, nint, bool)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int rows, nint k, T* a, GemmPanel<T> b, T* c, nint cStride, bool accumulate) =>
        _byRows[rows - 1](k, a, &b, c, cStride, accumulate);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Tile<TSimd, TVector, TRows>(nint k, T* a, GemmPanel<T>* panel, T* c, nint cStride, bool accumulate)
        where TSimd : struct, IGemmSimd<T, TVector>
        where TVector : unmanaged
        where TRows : struct, IGemmRows
    {
        // Accumulators of rows 0 … 13, the row in hexadecimal, left and right.
        TVector c00 = default, c01 = default;
        TVector c10 = default, c11 = default;
        TVector c20 = default, c21 = default;
        TVector c30 = default, c31 = default;
        TVector c40 = default, c41 = default;
        TVector c50 = default, c51 = default;
        TVector c60 = default, c61 = default;
        TVector c70 = default, c71 = default;
        TVector c80 = default, c81 = default;
        TVector c90 = default, c91 = default;
        TVector ca0 = default, ca1 = default;
        TVector cb0 = default, cb1 = default;
        TVector cc0 = default, cc1 = default;
        TVector cd0 = default, cd1 = default;
        T* b = panel->Left, fetched = panel->Fetched;
        nint right = panel->Right, step = panel->Step, fetchStep = panel->FetchStep;
        for (; k > 0; k--)
        {
            TVector b0 = TSimd.Load(b), b1 = TSimd.Load(b + right);
            TVector x = TSimd.Broadcast(a);
            c00 = TSimd.MultiplyAdd(x, b0, c00); c01 = TSimd.MultiplyAdd(x, b1, c01);
            if (TRows.Count > 1) { x = TSimd.Broadcast(a + 1); c10 = TSimd.MultiplyAdd(x, b0, c10); c11 = TSimd.MultiplyAdd(x, b1, c11); }
            if (TRows.Count > 2) { x = TSimd.Broadcast(a + 2); c20 = TSimd.MultiplyAdd(x, b0, c20); c21 = TSimd.MultiplyAdd(x, b1, c21); }
            if (TRows.Count > 3) { x = TSimd.Broadcast(a + 3); c30 = TSimd.MultiplyAdd(x, b0, c30); c31 = TSimd.MultiplyAdd(x, b1, c31); }
            if (TRows.Count > 4) { x = TSimd.Broadcast(a + 4); c40 = TSimd.MultiplyAdd(x, b0, c40); c41 = TSimd.MultiplyAdd(x, b1, c41); }
            if (TRows.Count > 5) { x = TSimd.Broadcast(a + 5); c50 = TSimd.MultiplyAdd(x, b0, c50); c51 = TSimd.MultiplyAdd(x, b1, c51); }
            if (TRows.Count > 6) { x = TSimd.Broadcast(a + 6); c60 = TSimd.MultiplyAdd(x, b0, c60); c61 = TSimd.MultiplyAdd(x, b1, c61); }
            if (TRows.Count > 7) { x = TSimd.Broadcast(a + 7); c70 = TSimd.MultiplyAdd(x, b0, c70); c71 = TSimd.MultiplyAdd(x, b1, c71); }
            if (TRows.Count > 8) { x = TSimd.Broadcast(a + 8); c80 = TSimd.MultiplyAdd(x, b0, c80); c81 = TSimd.MultiplyAdd(x, b1, c81); }
            if (TRows.Count > 9) { x = TSimd.Broadcast(a + 9); c90 = TSimd.MultiplyAdd(x, b0, c90); c91 = TSimd.MultiplyAdd(x, b1, c91); }
            if (TRows.Count > 10) { x = TSimd.Broadcast(a + 10); ca0 = TSimd.MultiplyAdd(x, b0, ca0); ca1 = TSimd.MultiplyAdd(x, b1, ca1); }
            if (TRows.Count > 11) { x = TSimd.Broadcast(a + 11); cb0 = TSimd.MultiplyAdd(x, b0, cb0); cb1 = TSimd.MultiplyAdd(x, b1, cb1); }
            if (TRows.Count > 12) { x = TSimd.Broadcast(a + 12); cc0 = TSimd.MultiplyAdd(x, b0, cc0); cc1 = TSimd.MultiplyAdd(x, b1, cc1); }
            if (TRows.Count > 13) { x = TSimd.Broadcast(a + 13); cd0 = TSimd.MultiplyAdd(x, b0, cd0); cd1 = TSimd.MultiplyAdd(x, b1, cd1); }
            if (Sse.IsSupported)
            {
                // A strip that comes from a third-level cache arrives in time, and so do panels that come from memory. The next panel has
                // room in a first-level cache beside this one, but where both are as wide as AVX-512's.
                Sse.Prefetch0((byte*)a + PrefetchAhead);
                if (sizeof(TVector) < BytesPerLine) Sse.Prefetch0(fetched);
                else
                {
                    Sse.Prefetch1(fetched);
                    Sse.Prefetch1(fetched + right);
                }
            }
            fetched += fetchStep;
            a += TRows.Count;
            b += step;
        }
        StoreRow<TSimd, TVector>(c, c00, c01, accumulate);
        if (TRows.Count > 1) StoreRow<TSimd, TVector>(c += cStride, c10, c11, accumulate);
        if (TRows.Count > 2) StoreRow<TSimd, TVector>(c += cStride, c20, c21, accumulate);
        if (TRows.Count > 3) StoreRow<TSimd, TVector>(c += cStride, c30, c31, accumulate);
        if (TRows.Count > 4) StoreRow<TSimd, TVector>(c += cStride, c40, c41, accumulate);
        if (TRows.Count > 5) StoreRow<TSimd, TVector>(c += cStride, c50, c51, accumulate);
        if (TRows.Count > 6) StoreRow<TSimd, TVector>(c += cStride, c60, c61, accumulate);
        if (TRows.Count > 7) StoreRow<TSimd, TVector>(c += cStride, c70, c71, accumulate);
        if (TRows.Count > 8) StoreRow<TSimd, TVector>(c += cStride, c80, c81, accumulate);
        if (TRows.Count > 9) StoreRow<TSimd, TVector>(c += cStride, c90, c91, accumulate);
        if (TRows.Count > 10) StoreRow<TSimd, TVector>(c += cStride, ca0, ca1, accumulate);
        if (TRows.Count > 11) StoreRow<TSimd, TVector>(c += cStride, cb0, cb1, accumulate);
        if (TRows.Count > 12) StoreRow<TSimd, TVector>(c += cStride, cc0, cc1, accumulate);
        if (TRows.Count > 13) StoreRow<TSimd, TVector>(c += cStride, cd0, cd1, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreRow<TSimd, TVector>(T* c, TVector left, TVector right, bool accumulate)
        where TSimd : struct, IGemmSimd<T, TVector>
        where TVector : unmanaged
    {
        T* cRight = c + sizeof(TVector) / sizeof(T);
        if (accumulate)
        {
            left = TSimd.Add(left, TSimd.Load(c));
            right = TSimd.Add(right, TSimd.Load(cRight));
        }
        TSimd.Store(left, c);
        TSimd.Store(right, cRight);
    }
}
