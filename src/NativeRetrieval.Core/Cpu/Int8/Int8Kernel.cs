using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using NativeRetrieval.Core.Cpu.Gemm;

namespace NativeRetrieval.Core.Cpu.Int8;

/// <summary>
/// The inner kernel of the 8-bit product: int32 sums of a tile, up to <see cref="Rows"/> x <see cref="Columns"/>, are held in registers
/// while k runs. The sums are exact: all kernels give the same.
/// </summary>
/// <remarks>
/// Tile sizes fill the register file: 14 x 2 of 32 registers in AVX-512, 6 x 2 of 16 elsewhere. AVX-512 by products of int16 and AVX-VNNI
/// reach the same number of products a cycle on Zen 5; VNNI needs half the instructions.
/// </remarks>
internal sealed unsafe class Int8Kernel
{
    readonly delegate*<nint, int*, sbyte*, int*, void>[] _byRows;

    Int8Kernel(string name, int group, int lanes, delegate*<nint, int*, sbyte*, int*, void>[] byRows)
    {
        (Name, Group, Columns, _byRows) = (name, group, 2 * lanes, byRows);
    }

    public string Name { get; }

    /// <summary>Steps of k that are taken at once; 32 bits of A hold them.</summary>
    public int Group { get; }

    /// <summary>Rows of the largest tile.</summary>
    public int Rows => _byRows.Length;

    /// <summary>Columns of a tile; a panel of packed weights is as wide.</summary>
    public int Columns { get; }

    public static Int8Kernel Vnni { get; } = new("AVX-VNNI 6x16", Int8SimdVnni.Group, Vector256<int>.Count,
    [
        &Tile<Int8SimdVnni, Vector256<int>, GemmRows1>,
        &Tile<Int8SimdVnni, Vector256<int>, GemmRows2>,
        &Tile<Int8SimdVnni, Vector256<int>, GemmRows3>,
        &Tile<Int8SimdVnni, Vector256<int>, GemmRows4>,
        &Tile<Int8SimdVnni, Vector256<int>, GemmRows5>,
        &Tile<Int8SimdVnni, Vector256<int>, GemmRows6>,
    ]);

    public static Int8Kernel Avx512 { get; } = new("AVX-512 14x32", Int8Simd512.Group, Vector512<int>.Count,
    [
        &Tile<Int8Simd512, Vector512<int>, GemmRows1>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows2>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows3>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows4>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows5>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows6>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows7>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows8>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows9>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows10>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows11>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows12>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows13>,
        &Tile<Int8Simd512, Vector512<int>, GemmRows14>,
    ]);

    public static Int8Kernel Avx2 { get; } = new("AVX2 6x16", Int8Simd256.Group, Vector256<int>.Count,
    [
        &Tile<Int8Simd256, Vector256<int>, GemmRows1>,
        &Tile<Int8Simd256, Vector256<int>, GemmRows2>,
        &Tile<Int8Simd256, Vector256<int>, GemmRows3>,
        &Tile<Int8Simd256, Vector256<int>, GemmRows4>,
        &Tile<Int8Simd256, Vector256<int>, GemmRows5>,
        &Tile<Int8Simd256, Vector256<int>, GemmRows6>,
    ]);

    public static Int8Kernel Portable { get; } = new("Vector128 6x8", Int8SimdPortable.Group, Vector128<int>.Count,
    [
        &Tile<Int8SimdPortable, Vector128<int>, GemmRows1>,
        &Tile<Int8SimdPortable, Vector128<int>, GemmRows2>,
        &Tile<Int8SimdPortable, Vector128<int>, GemmRows3>,
        &Tile<Int8SimdPortable, Vector128<int>, GemmRows4>,
        &Tile<Int8SimdPortable, Vector128<int>, GemmRows5>,
        &Tile<Int8SimdPortable, Vector128<int>, GemmRows6>,
    ]);

    /// <summary>The kernels that this machine runs in hardware, the fastest first; the last one runs everywhere.</summary>
    public static IReadOnlyList<Int8Kernel> Supported { get; } =
    [
        .. AvxVnni.IsSupported ? [Vnni] : (Int8Kernel[])[],
        .. Avx512BW.IsSupported ? [Avx512] : (Int8Kernel[])[],
        .. System.Runtime.Intrinsics.X86.Avx2.IsSupported ? [Avx2] : (Int8Kernel[])[],
        Portable,
    ];

    /// <summary>sums[rows, Columns] = A·W.</summary>
    /// <param name="rows">1 … <see cref="Rows"/>.</param>
    /// <param name="groups">Number of groups of k.</param>
    /// <param name="a">[group][row], 32 bits each.</param>
    /// <param name="weights">A panel, [group][column][step of the group].</param>
    /// <param name="sums">Row-major, overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(int rows, nint groups, int* a, sbyte* weights, int* sums) => _byRows[rows - 1](groups, a, weights, sums);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Tile<TSimd, TVector, TRows>(nint groups, int* a, sbyte* weights, int* sums)
        where TSimd : struct, IInt8Simd<TVector>
        where TVector : unmanaged
        where TRows : struct, IGemmRows
    {
        int vectorBytes = sizeof(TVector) / sizeof(int) * TSimd.Group;
        // Sums of rows 0 … 13, the row in hexadecimal, left and right.
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
        for (; groups > 0; groups--)
        {
            TVector w0 = TSimd.LoadWeights(weights), w1 = TSimd.LoadWeights(weights + vectorBytes);
            TVector x = TSimd.Broadcast(a);
            c00 = TSimd.MultiplyAdd(x, w0, c00); c01 = TSimd.MultiplyAdd(x, w1, c01);
            if (TRows.Count > 1) { x = TSimd.Broadcast(a + 1); c10 = TSimd.MultiplyAdd(x, w0, c10); c11 = TSimd.MultiplyAdd(x, w1, c11); }
            if (TRows.Count > 2) { x = TSimd.Broadcast(a + 2); c20 = TSimd.MultiplyAdd(x, w0, c20); c21 = TSimd.MultiplyAdd(x, w1, c21); }
            if (TRows.Count > 3) { x = TSimd.Broadcast(a + 3); c30 = TSimd.MultiplyAdd(x, w0, c30); c31 = TSimd.MultiplyAdd(x, w1, c31); }
            if (TRows.Count > 4) { x = TSimd.Broadcast(a + 4); c40 = TSimd.MultiplyAdd(x, w0, c40); c41 = TSimd.MultiplyAdd(x, w1, c41); }
            if (TRows.Count > 5) { x = TSimd.Broadcast(a + 5); c50 = TSimd.MultiplyAdd(x, w0, c50); c51 = TSimd.MultiplyAdd(x, w1, c51); }
            if (TRows.Count > 6) { x = TSimd.Broadcast(a + 6); c60 = TSimd.MultiplyAdd(x, w0, c60); c61 = TSimd.MultiplyAdd(x, w1, c61); }
            if (TRows.Count > 7) { x = TSimd.Broadcast(a + 7); c70 = TSimd.MultiplyAdd(x, w0, c70); c71 = TSimd.MultiplyAdd(x, w1, c71); }
            if (TRows.Count > 8) { x = TSimd.Broadcast(a + 8); c80 = TSimd.MultiplyAdd(x, w0, c80); c81 = TSimd.MultiplyAdd(x, w1, c81); }
            if (TRows.Count > 9) { x = TSimd.Broadcast(a + 9); c90 = TSimd.MultiplyAdd(x, w0, c90); c91 = TSimd.MultiplyAdd(x, w1, c91); }
            if (TRows.Count > 10) { x = TSimd.Broadcast(a + 10); ca0 = TSimd.MultiplyAdd(x, w0, ca0); ca1 = TSimd.MultiplyAdd(x, w1, ca1); }
            if (TRows.Count > 11) { x = TSimd.Broadcast(a + 11); cb0 = TSimd.MultiplyAdd(x, w0, cb0); cb1 = TSimd.MultiplyAdd(x, w1, cb1); }
            if (TRows.Count > 12) { x = TSimd.Broadcast(a + 12); cc0 = TSimd.MultiplyAdd(x, w0, cc0); cc1 = TSimd.MultiplyAdd(x, w1, cc1); }
            if (TRows.Count > 13) { x = TSimd.Broadcast(a + 13); cd0 = TSimd.MultiplyAdd(x, w0, cd0); cd1 = TSimd.MultiplyAdd(x, w1, cd1); }
            a += TRows.Count;
            weights += 2 * vectorBytes;
        }
        StoreRow<TSimd, TVector>(ref sums, c00, c01);
        if (TRows.Count > 1) StoreRow<TSimd, TVector>(ref sums, c10, c11);
        if (TRows.Count > 2) StoreRow<TSimd, TVector>(ref sums, c20, c21);
        if (TRows.Count > 3) StoreRow<TSimd, TVector>(ref sums, c30, c31);
        if (TRows.Count > 4) StoreRow<TSimd, TVector>(ref sums, c40, c41);
        if (TRows.Count > 5) StoreRow<TSimd, TVector>(ref sums, c50, c51);
        if (TRows.Count > 6) StoreRow<TSimd, TVector>(ref sums, c60, c61);
        if (TRows.Count > 7) StoreRow<TSimd, TVector>(ref sums, c70, c71);
        if (TRows.Count > 8) StoreRow<TSimd, TVector>(ref sums, c80, c81);
        if (TRows.Count > 9) StoreRow<TSimd, TVector>(ref sums, c90, c91);
        if (TRows.Count > 10) StoreRow<TSimd, TVector>(ref sums, ca0, ca1);
        if (TRows.Count > 11) StoreRow<TSimd, TVector>(ref sums, cb0, cb1);
        if (TRows.Count > 12) StoreRow<TSimd, TVector>(ref sums, cc0, cc1);
        if (TRows.Count > 13) StoreRow<TSimd, TVector>(ref sums, cd0, cd1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreRow<TSimd, TVector>(ref int* sums, TVector left, TVector right)
        where TSimd : struct, IInt8Simd<TVector>
        where TVector : unmanaged
    {
        TSimd.Store(left, sums);
        TSimd.Store(right, sums + sizeof(TVector) / sizeof(int));
        sums += 2 * (sizeof(TVector) / sizeof(int));
    }
}
