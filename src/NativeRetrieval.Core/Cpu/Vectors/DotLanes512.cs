using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Sums in a register of AVX-512.</summary>
internal readonly unsafe struct DotLanes512(Vector512<float> value) : IDotLanes<DotLanes512, float>
{
    readonly Vector512<float> _value = value;

    public static int Width => 16;

    public static DotTile Tile => DotTile.FourBySix;

    public static DotLanes512 Load(float* source) => new(Vector512.Load(source));

    public static DotLanes512 LoadRow<TElement>(TElement* source) where TElement : unmanaged =>
        typeof(TElement) == typeof(float) ? Load((float*)source) : LoadBFloat16((ushort*)source);

    /// <summary>Bfloat16 values are the upper halves of float32 values.</summary>
    static DotLanes512 LoadBFloat16(ushort* source) =>
        new((Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe()) << 16).AsSingle());

    public static DotLanes512 MultiplyAdd(DotLanes512 a, DotLanes512 b, DotLanes512 sum) =>
        new(Vector512.FusedMultiplyAdd(a._value, b._value, sum._value));

    public static float Total(DotLanes512 sum) => DotLanes128.Total(sum.Folded());

    public static void Totals(DotLanes512* sums, int count, float* totals)
    {
        int i = 0;
        if (Avx512F.IsSupported)
            for (; i + 8 <= count; i += 8) TotalsOfEight(sums + i, totals + i);
        for (; i < count; i += 4)
            DotLanes128.Totals(sums[i].Folded(), sums[i + 1].Folded(), sums[i + 2].Folded(), sums[i + 3].Folded(), totals + i);
    }

    static void TotalsOfEight(DotLanes512* sums, float* totals)
    {
        // Quarters of 128 bits: those of one sum are added as Folded adds them, and the results of four stand in one register.
        Vector512<float> even = Folded(sums[0]._value, sums[2]._value, sums[4]._value, sums[6]._value);
        Vector512<float> odd = Folded(sums[1]._value, sums[3]._value, sums[5]._value, sums[7]._value);
        var pairs = Avx512F.UnpackLow(even, odd) + Avx512F.UnpackHigh(even, odd);
        var all = (pairs + Avx512F.Shuffle(pairs, pairs, 0b01_00_11_10)).AsDouble();
        Vector512.Shuffle(all, Vector512.Create(0, 2, 4, 6, 0, 2, 4, 6)).GetLower().AsSingle().Store(totals);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Folded(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        const byte lower = 0b01_00_01_00, upper = 0b11_10_11_10, first = 0b10_00_10_00, second = 0b11_01_11_01;
        var ab = Avx512F.Shuffle4x128(a, b, lower) + Avx512F.Shuffle4x128(a, b, upper);
        var cd = Avx512F.Shuffle4x128(c, d, lower) + Avx512F.Shuffle4x128(c, d, upper);
        return Avx512F.Shuffle4x128(ab, cd, first) + Avx512F.Shuffle4x128(ab, cd, second);
    }

    Vector128<float> Folded()
    {
        var half = _value.GetLower() + _value.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}
