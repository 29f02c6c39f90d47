using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Sums of products in fixed point in a register of AVX2.</summary>
internal readonly unsafe struct FixedLanes256(Vector256<int> value) : IDotLanes<FixedLanes256, short>
{
    readonly Vector256<int> _value = value;

    public static int Width => 16;

    public static DotTile Tile => DotTile.TwoBySix;

    public static FixedLanes256 Load(short* source) => new(Vector256.Load(source).AsInt32());

    public static FixedLanes256 LoadRow<TElement>(TElement* source) where TElement : unmanaged => Load((short*)source);

    public static FixedLanes256 MultiplyAdd(FixedLanes256 a, FixedLanes256 b, FixedLanes256 sum) =>
        new(sum._value + Avx2.MultiplyAddAdjacent(a._value.AsInt16(), b._value.AsInt16()));

    public static float Total(FixedLanes256 sum) => FixedLanes128.Total(sum.Folded());

    public static void Totals(FixedLanes256* sums, int count, float* totals)
    {
        for (int i = 0; i < count; i += 4)
            FixedLanes128.Totals(sums[i].Folded(), sums[i + 1].Folded(), sums[i + 2].Folded(), sums[i + 3].Folded(), totals + i);
    }

    Vector128<int> Folded() => _value.GetLower() + _value.GetUpper();
}
