using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Sums of products in fixed point in 128 bits: registers on ARM64 and on x64 without AVX2.</summary>
internal readonly unsafe struct FixedLanes128(Vector128<int> value) : IDotLanes<FixedLanes128, short>
{
    /// <summary>Unit of a product of two numbers with 15 fraction bits each.</summary>
    const float Unit = 1f / (1 << 30);

    readonly Vector128<int> _value = value;

    public static int Width => 8;

    public static DotTile Tile => DotTile.TwoBySix;

    public static FixedLanes128 Load(short* source) => new(Vector128.Load(source).AsInt32());

    public static FixedLanes128 LoadRow<TElement>(TElement* source) where TElement : unmanaged => Load((short*)source);

    public static FixedLanes128 MultiplyAdd(FixedLanes128 a, FixedLanes128 b, FixedLanes128 sum) =>
        new(sum._value + Products(a._value.AsInt16(), b._value.AsInt16()));

    public static float Total(FixedLanes128 sum) => Total(sum._value);

    public static void Totals(FixedLanes128* sums, int count, float* totals)
    {
        for (int i = 0; i < count; i += 4) Totals(sums[i]._value, sums[i + 1]._value, sums[i + 2]._value, sums[i + 3]._value, totals + i);
    }

    public static float Total(Vector128<int> v) => Vector128.Sum(v) * Unit;

    public static void Totals(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, float* totals)
    {
        var sums = Ssse3.IsSupported
            ? Ssse3.HorizontalAdd(Ssse3.HorizontalAdd(a, b), Ssse3.HorizontalAdd(c, d))
            : Vector128.Create(Vector128.Sum(a), Vector128.Sum(b), Vector128.Sum(c), Vector128.Sum(d));
        (Vector128.ConvertToSingle(sums) * Unit).Store(totals);
    }

    /// <summary>Products, added in pairs.</summary>
    static Vector128<int> Products(Vector128<short> a, Vector128<short> b) => Sse2.IsSupported
        ? Sse2.MultiplyAddAdjacent(a, b)
        : Vector128.WidenLower(a) * Vector128.WidenLower(b) + Vector128.WidenUpper(a) * Vector128.WidenUpper(b);
}
