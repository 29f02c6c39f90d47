using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Sums of products in fixed point in a register of AVX-512.</summary>
internal readonly unsafe struct FixedLanes512(Vector512<int> value) : IDotLanes<FixedLanes512, short>
{
    readonly Vector512<int> _value = value;

    public static int Width => 32;

    public static DotTile Tile => DotTile.FourBySix;

    public static FixedLanes512 Load(short* source) => new(Vector512.Load(source).AsInt32());

    public static FixedLanes512 LoadRow<TElement>(TElement* source) where TElement : unmanaged => Load((short*)source);

    public static FixedLanes512 MultiplyAdd(FixedLanes512 a, FixedLanes512 b, FixedLanes512 sum) =>
        new(sum._value + Products(a._value.AsInt16(), b._value.AsInt16()));

    public static float Total(FixedLanes512 sum) => FixedLanes128.Total(sum.Folded());

    public static void Totals(FixedLanes512* sums, int count, float* totals)
    {
        for (int i = 0; i < count; i += 4)
            FixedLanes128.Totals(sums[i].Folded(), sums[i + 1].Folded(), sums[i + 2].Folded(), sums[i + 3].Folded(), totals + i);
    }

    /// <summary>Products, added in pairs.</summary>
    static Vector512<int> Products(Vector512<short> a, Vector512<short> b) => Avx512BW.IsSupported
        ? Avx512BW.MultiplyAddAdjacent(a, b)
        : Vector512.WidenLower(a) * Vector512.WidenLower(b) + Vector512.WidenUpper(a) * Vector512.WidenUpper(b);

    Vector128<int> Folded()
    {
        var half = _value.GetLower() + _value.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}
