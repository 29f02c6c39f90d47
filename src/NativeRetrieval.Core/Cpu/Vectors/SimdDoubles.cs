using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>
/// Doubles side by side, widened from floats and rounded back to them; one source of a formula serves both widths. Lane by lane they give
/// the same bits where the machine fuses multiply and add.
/// </summary>
internal unsafe interface ISimdDoubles<TSelf> : IAdditionOperators<TSelf, TSelf, TSelf>, ISubtractionOperators<TSelf, TSelf, TSelf>,
    IMultiplyOperators<TSelf, TSelf, TSelf>, IUnaryNegationOperators<TSelf, TSelf>
    where TSelf : unmanaged, ISimdDoubles<TSelf>
{
    static abstract int Count { get; }
    static abstract TSelf Widen(float* source);
    static abstract TSelf All(double value);

    /// <summary>x·y + sum.</summary>
    static abstract TSelf MultiplyAdd(TSelf x, TSelf y, TSelf sum);

    void Narrow(float* target);
}

/// <summary>8 doubles: AVX-512.</summary>
internal readonly unsafe struct Doubles512(Vector512<double> value) : ISimdDoubles<Doubles512>
{
    readonly Vector512<double> _value = value;
    public static int Count => Vector512<double>.Count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles512 Widen(float* source) => new(Avx512F.ConvertToVector512Double(Vector256.Load(source)));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles512 All(double value) => new(Vector512.Create(value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles512 operator +(Doubles512 x, Doubles512 y) => new(x._value + y._value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles512 operator -(Doubles512 x, Doubles512 y) => new(x._value - y._value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles512 operator *(Doubles512 x, Doubles512 y) => new(x._value * y._value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles512 operator -(Doubles512 x) => new(-x._value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles512 MultiplyAdd(Doubles512 x, Doubles512 y, Doubles512 sum) =>
        new(Vector512.MultiplyAddEstimate(x._value, y._value, sum._value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Narrow(float* target) => Avx512F.ConvertToVector256Single(_value).Store(target);
}

/// <summary>4 doubles: AVX2, or what the machine has.</summary>
internal readonly unsafe struct Doubles256(Vector256<double> value) : ISimdDoubles<Doubles256>
{
    readonly Vector256<double> _value = value;
    public static int Count => Vector256<double>.Count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles256 Widen(float* source) =>
        new(Avx.IsSupported ? Avx.ConvertToVector256Double(Vector128.Load(source))
            : Vector256.Create(Vector128.WidenLower(Vector128.Load(source)), Vector128.WidenUpper(Vector128.Load(source))));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles256 All(double value) => new(Vector256.Create(value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles256 operator +(Doubles256 x, Doubles256 y) => new(x._value + y._value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles256 operator -(Doubles256 x, Doubles256 y) => new(x._value - y._value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles256 operator *(Doubles256 x, Doubles256 y) => new(x._value * y._value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles256 operator -(Doubles256 x) => new(-x._value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Doubles256 MultiplyAdd(Doubles256 x, Doubles256 y, Doubles256 sum) =>
        new(Vector256.MultiplyAddEstimate(x._value, y._value, sum._value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Narrow(float* target) =>
        (Avx.IsSupported ? Avx.ConvertToVector128Single(_value) : Vector128.Narrow(_value.GetLower(), _value.GetUpper())).Store(target);
}
