using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Int8;

/// <summary>
/// The few vector operations of the 8-bit kernel, so that one source serves every instruction set. A lane is an int32 sum; 32 bits of A and
/// as many weights of a column, <see cref="Group"/> steps of k, are multiplied and added to it at a time. Nothing saturates.
/// </summary>
internal unsafe interface IInt8Simd<TVector> where TVector : unmanaged
{
    /// <summary>Steps of k that 32 bits of A hold: 4 bytes, 2 int16 or 1 int32.</summary>
    static abstract int Group { get; }

    /// <summary>Weights of as many columns as the vector has lanes, <see cref="Group"/> of each.</summary>
    static abstract TVector LoadWeights(sbyte* source);

    static abstract TVector Broadcast(int* source);
    static abstract TVector MultiplyAdd(TVector a, TVector weights, TVector sum);
    static abstract void Store(TVector value, int* target);
}

/// <summary>8 sums, 32 products an instruction: AVX-VNNI. .NET 10 has VNNI in this form alone, not in AVX-512's.</summary>
internal readonly unsafe struct Int8SimdVnni : IInt8Simd<Vector256<int>>
{
    public static int Group => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadWeights(sbyte* source) => Vector256.Load(source).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int* source) => Vector256.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> a, Vector256<int> weights, Vector256<int> sum) =>
        AvxVnni.MultiplyWideningAndAdd(sum, a.AsByte(), weights.AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> value, int* target) => value.Store(target);
}

/// <summary>16 sums of products of int16: AVX-512 without VNNI.</summary>
internal readonly unsafe struct Int8Simd512 : IInt8Simd<Vector512<int>>
{
    public static int Group => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadWeights(sbyte* source) => Avx512BW.ConvertToVector512Int16(Vector256.Load(source)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(int* source) => Vector512.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAdd(Vector512<int> a, Vector512<int> weights, Vector512<int> sum) =>
        sum + Avx512BW.MultiplyAddAdjacent(a.AsInt16(), weights.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> value, int* target) => value.Store(target);
}

/// <summary>8 sums of products of int16: AVX2.</summary>
internal readonly unsafe struct Int8Simd256 : IInt8Simd<Vector256<int>>
{
    public static int Group => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadWeights(sbyte* source) => Avx2.ConvertToVector256Int16(Vector128.Load(source)).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int* source) => Vector256.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAdd(Vector256<int> a, Vector256<int> weights, Vector256<int> sum) =>
        sum + Avx2.MultiplyAddAdjacent(a.AsInt16(), weights.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> value, int* target) => value.Store(target);
}

/// <summary>4 sums of products of int32, on every machine.</summary>
internal readonly unsafe struct Int8SimdPortable : IInt8Simd<Vector128<int>>
{
    public static int Group => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadWeights(sbyte* source) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<int>(source)).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(int* source) => Vector128.Create(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAdd(Vector128<int> a, Vector128<int> weights, Vector128<int> sum) => sum + a * weights;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<int> value, int* target) => value.Store(target);
}
