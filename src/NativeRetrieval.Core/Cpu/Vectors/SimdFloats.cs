using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>
/// Floats side by side, so that one source of a formula serves every vector width. Lane by lane all widths give the same bits where the
/// machine fuses multiply and add.
/// </summary>
internal unsafe interface ISimdFloats<TSelf> where TSelf : unmanaged, ISimdFloats<TSelf>
{
    static abstract int Count { get; }
    static abstract TSelf Load(float* source);
    static abstract TSelf All(float value);
    static abstract TSelf operator +(TSelf x, TSelf y);
    static abstract TSelf operator -(TSelf x, TSelf y);
    static abstract TSelf operator *(TSelf x, TSelf y);
    static abstract TSelf operator /(TSelf x, TSelf y);
    static abstract TSelf Min(TSelf x, TSelf y);
    static abstract TSelf Max(TSelf x, TSelf y);
    static abstract TSelf Abs(TSelf x);

    /// <summary>The nearest whole numbers, ties to even.</summary>
    static abstract TSelf Round(TSelf x);

    /// <summary>x·y + sum.</summary>
    static abstract TSelf MultiplyAdd(TSelf x, TSelf y, TSelf sum);

    /// <summary>2ⁿ of whole numbers n from −126 to 127.</summary>
    static abstract TSelf PowerOfTwo(TSelf n);

    /// <summary><paramref name="ifNegative"/> where x &lt; 0, elsewhere <paramref name="otherwise"/>.</summary>
    static abstract TSelf Select(TSelf x, TSelf ifNegative, TSelf otherwise);

    void Store(float* target);
}

/// <summary>Whatever <see cref="Vector{T}"/> is on this machine.</summary>
internal readonly unsafe struct NativeFloats(Vector<float> value) : ISimdFloats<NativeFloats>
{
    public Vector<float> Value { get; } = value;
    public static int Count => Vector<float>.Count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats Load(float* source) => new(Vector.Load(source));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats All(float value) => new(new Vector<float>(value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats operator +(NativeFloats x, NativeFloats y) => new(x.Value + y.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats operator -(NativeFloats x, NativeFloats y) => new(x.Value - y.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats operator *(NativeFloats x, NativeFloats y) => new(x.Value * y.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats operator /(NativeFloats x, NativeFloats y) => new(x.Value / y.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats Min(NativeFloats x, NativeFloats y) => new(Vector.Min(x.Value, y.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats Max(NativeFloats x, NativeFloats y) => new(Vector.Max(x.Value, y.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats Abs(NativeFloats x) => new(Vector.Abs(x.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats Round(NativeFloats x) => new(Vector.Round(x.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats MultiplyAdd(NativeFloats x, NativeFloats y, NativeFloats sum) =>
        new(Vector.MultiplyAddEstimate(x.Value, y.Value, sum.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats PowerOfTwo(NativeFloats n) =>
        new(Vector.AsVectorSingle((Vector.ConvertToInt32(n.Value) + new Vector<int>(127)) << 23));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NativeFloats Select(NativeFloats x, NativeFloats ifNegative, NativeFloats otherwise) =>
        new(Vector.ConditionalSelect(Vector.LessThan(x.Value, Vector<float>.Zero), ifNegative.Value, otherwise.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target) => Vector.Store(Value, target);
}

/// <summary>16 floats: AVX-512.</summary>
internal readonly unsafe struct Floats512(Vector512<float> value) : ISimdFloats<Floats512>
{
    public Vector512<float> Value { get; } = value;
    public static int Count => Vector512<float>.Count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 Load(float* source) => new(Vector512.Load(source));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 All(float value) => new(Vector512.Create(value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 operator +(Floats512 x, Floats512 y) => new(x.Value + y.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 operator -(Floats512 x, Floats512 y) => new(x.Value - y.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 operator *(Floats512 x, Floats512 y) => new(x.Value * y.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 operator /(Floats512 x, Floats512 y) => new(x.Value / y.Value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 Min(Floats512 x, Floats512 y) => new(Vector512.Min(x.Value, y.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 Max(Floats512 x, Floats512 y) => new(Vector512.Max(x.Value, y.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 Abs(Floats512 x) => new(Vector512.Abs(x.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 Round(Floats512 x) => new(Vector512.Round(x.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 MultiplyAdd(Floats512 x, Floats512 y, Floats512 sum) =>
        new(Vector512.MultiplyAddEstimate(x.Value, y.Value, sum.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 PowerOfTwo(Floats512 n) =>
        new(((Vector512.ConvertToInt32(n.Value) + Vector512.Create(127)) << 23).AsSingle());
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats512 Select(Floats512 x, Floats512 ifNegative, Floats512 otherwise) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(x.Value, Vector512<float>.Zero), ifNegative.Value, otherwise.Value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* target) => Value.Store(target);
}
