using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Sums in 128 bits: registers on ARM64 and on x64 without AVX2.</summary>
internal readonly unsafe struct DotLanes128(Vector128<float> value) : IDotLanes<DotLanes128>
{
    readonly Vector128<float> _value = value;

    public static int Width => 4;

    public static DotLanes128 Load(float* source) => new(Vector128.Load(source));

    public static DotLanes128 LoadBFloat16(ushort* source) =>
        new((Vector128.WidenLower(Vector64.Load(source).ToVector128()) << 16).AsSingle());

    public static DotLanes128 MultiplyAdd(DotLanes128 a, DotLanes128 b, DotLanes128 sum) =>
        new(Vector128.FusedMultiplyAdd(a._value, b._value, sum._value));

    public static float Total(DotLanes128 sum) => Vector128.Sum(sum._value);
}
