using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Sums in a register of AVX2 with FMA.</summary>
internal readonly unsafe struct DotLanes256(Vector256<float> value) : IDotLanes<DotLanes256, float>
{
    readonly Vector256<float> _value = value;

    public static int Width => 8;

    public static DotTile Tile => DotTile.FourByThree;

    public static DotLanes256 Load(float* source) => new(Vector256.Load(source));

    public static DotLanes256 LoadRow<TElement>(TElement* source) where TElement : unmanaged =>
        typeof(TElement) == typeof(float) ? Load((float*)source) : LoadBFloat16((ushort*)source);

    /// <summary>Bfloat16 values are the upper halves of float32 values.</summary>
    static DotLanes256 LoadBFloat16(ushort* source) =>
        new((Avx2.ConvertToVector256Int32(source) << 16).AsSingle());

    public static DotLanes256 MultiplyAdd(DotLanes256 a, DotLanes256 b, DotLanes256 sum) =>
        new(Vector256.FusedMultiplyAdd(a._value, b._value, sum._value));

    public static float Total(DotLanes256 sum) => DotLanes128.Total(sum.Folded());

    public static void Totals(DotLanes256* sums, int count, float* totals)
    {
        for (int i = 0; i < count; i += 4)
            DotLanes128.Totals(sums[i].Folded(), sums[i + 1].Folded(), sums[i + 2].Folded(), sums[i + 3].Folded(), totals + i);
    }

    Vector128<float> Folded() => _value.GetLower() + _value.GetUpper();
}
