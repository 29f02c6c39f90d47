using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Sums in a register of AVX-512.</summary>
internal readonly unsafe struct DotLanes512(Vector512<float> value) : IDotLanes<DotLanes512>
{
    readonly Vector512<float> _value = value;

    public static int Width => 16;

    public static DotLanes512 Load(float* source) => new(Vector512.Load(source));

    public static DotLanes512 LoadBFloat16(ushort* source) =>
        new((Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe()) << 16).AsSingle());

    public static DotLanes512 MultiplyAdd(DotLanes512 a, DotLanes512 b, DotLanes512 sum) =>
        new(Vector512.FusedMultiplyAdd(a._value, b._value, sum._value));

    public static float Total(DotLanes512 sum) => DotLanes128.Total(sum.Folded());

    public static void Totals(DotLanes512 a, DotLanes512 b, DotLanes512 c, DotLanes512 d, float* totals) =>
        DotLanes128.Totals(a.Folded(), b.Folded(), c.Folded(), d.Folded(), totals);

    Vector128<float> Folded()
    {
        var half = _value.GetLower() + _value.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}
