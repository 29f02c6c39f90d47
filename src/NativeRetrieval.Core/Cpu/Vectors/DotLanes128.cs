using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Sums in 128 bits: registers on ARM64 and on x64 without AVX2.</summary>
internal readonly unsafe struct DotLanes128(Vector128<float> value) : IDotLanes<DotLanes128, float>
{
    readonly Vector128<float> _value = value;

    public static int Width => 4;

    public static DotTile Tile => DotTile.FourByThree;

    public static DotLanes128 Load(float* source) => new(Vector128.Load(source));

    public static DotLanes128 LoadRow<TElement>(TElement* source) where TElement : unmanaged =>
        typeof(TElement) == typeof(float) ? Load((float*)source) : LoadBFloat16((ushort*)source);

    /// <summary>Bfloat16 values are the upper halves of float32 values.</summary>
    static DotLanes128 LoadBFloat16(ushort* source) =>
        new((Vector128.WidenLower(Vector64.Load(source).ToVector128()) << 16).AsSingle());

    public static DotLanes128 MultiplyAdd(DotLanes128 a, DotLanes128 b, DotLanes128 sum) =>
        new(Vector128.FusedMultiplyAdd(a._value, b._value, sum._value));

    public static float Total(DotLanes128 sum) => Total(sum._value);

    public static void Totals(DotLanes128* sums, int count, float* totals)
    {
        for (int i = 0; i < count; i += 4) Totals(sums[i]._value, sums[i + 1]._value, sums[i + 2]._value, sums[i + 3]._value, totals + i);
    }

    /// <summary>(v₀ + v₂) + (v₁ + v₃).</summary>
    public static float Total(Vector128<float> v)
    {
        var pairs = v + Vector128.Shuffle(v, Vector128.Create(2, 3, 2, 3));
        return pairs[0] + pairs[1];
    }

    /// <summary>The four totals side by side, by turning the pairs of two vectors into halves of one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Totals(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d, float* totals)
    {
        if (!Sse.IsSupported)
        {
            (totals[0], totals[1], totals[2], totals[3]) = (Total(a), Total(b), Total(c), Total(d));
            return;
        }
        // a₀ + a₂, b₀ + b₂, a₁ + a₃, b₁ + b₃.
        Vector128<float> ab = Sse.UnpackLow(a, b) + Sse.UnpackHigh(a, b), cd = Sse.UnpackLow(c, d) + Sse.UnpackHigh(c, d);
        (Sse.MoveLowToHigh(ab, cd) + Sse.MoveHighToLow(cd, ab)).Store(totals);
    }
}
