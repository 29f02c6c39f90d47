using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// F(4, 3) with the points 0, ±a, ±b, ∞ where a = 1/√2 and b = √2: reciprocal points keep all coefficients small, which loses less
/// to rounding than the usual ±1, ±2.
/// </summary>
internal readonly unsafe struct WinogradOf4 : IWinogradForm
{
    const float A = 0.70710678f, B = 1.41421356f;

    public static int Outputs => 4;

    public static int Inputs => 6;

    public static int Before => 1;

    public static int Points => 6;

    // Rows (1, p, p²) / Π (p − other points); the products of differences are ±a: 2a²(a² − b²) = −3/2, ±b: 2b²(b² − a²) = 6.
    public static ReadOnlySpan<float> Filter =>
    [
        1, 0, 0,
        -2 / 3f, -2 / 3f * A, -1 / 3f,
        -2 / 3f, 2 / 3f * A, -1 / 3f,
        1 / 6f, B / 6f, 1 / 3f,
        1 / 6f, -B / 6f, 1 / 3f,
        0, 0, 1,
    ];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Kernel<TFloats>(float* from, nint fromStep, float* to, nint toStep)
        where TFloats : unmanaged, ISimdFloats<TFloats>
    {
        var w0 = TFloats.Load(from);
        var w1 = TFloats.Load(from + fromStep);
        var w2 = TFloats.Load(from + 2 * fromStep);
        w0.Store(to);
        var even = TFloats.MultiplyAdd(TFloats.All(-2 / 3f), w0, w2 * TFloats.All(-1 / 3f));
        var odd = w1 * TFloats.All(-2 / 3f * A);
        (even + odd).Store(to + toStep);
        (even - odd).Store(to + 2 * toStep);
        even = TFloats.MultiplyAdd(TFloats.All(1 / 6f), w0, w2 * TFloats.All(1 / 3f));
        odd = w1 * TFloats.All(B / 6f);
        (even + odd).Store(to + 3 * toStep);
        (even - odd).Store(to + 4 * toStep);
        w2.Store(to + 5 * toStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* from, nint fromStep, float* to, nint toStep)
    {
        var d0 = Vector256.Load(from);
        var d1 = Vector256.Load(from + fromStep);
        var d2 = Vector256.Load(from + 2 * fromStep);
        var d3 = Vector256.Load(from + 3 * fromStep);
        var d4 = Vector256.Load(from + 4 * fromStep);
        var d5 = Vector256.Load(from + 5 * fromStep);
        Vector256<float> five = Vector256.Create(-2.5f), two = Vector256.Create(-2f), half = Vector256.Create(-0.5f);
        Vector256<float> a = Vector256.Create(A), b = Vector256.Create(B);
        (Vector256.FusedMultiplyAdd(five, d2, d0) + d4).Store(to);
        var even = Vector256.FusedMultiplyAdd(two, d2, d4);
        var odd = a * Vector256.FusedMultiplyAdd(two, d1, d3);
        (even + odd).Store(to + toStep);
        (even - odd).Store(to + 2 * toStep);
        even = Vector256.FusedMultiplyAdd(half, d2, d4);
        odd = b * Vector256.FusedMultiplyAdd(half, d1, d3);
        (even + odd).Store(to + 3 * toStep);
        (even - odd).Store(to + 4 * toStep);
        (Vector256.FusedMultiplyAdd(five, d3, d1) + d5).Store(to + 5 * toStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output(float* from, nint fromStep, float* to, nint toStep)
    {
        var m0 = Vector256.Load(from);
        var m1 = Vector256.Load(from + fromStep);
        var m2 = Vector256.Load(from + 2 * fromStep);
        var m3 = Vector256.Load(from + 3 * fromStep);
        var m4 = Vector256.Load(from + 4 * fromStep);
        var m5 = Vector256.Load(from + 5 * fromStep);
        var (s1, d1, s2, d2) = (m1 + m2, (m1 - m2) * A, m3 + m4, (m3 - m4) * B);
        Vector256<float> half = Vector256.Create(0.5f), two = Vector256.Create(2f);
        (m0 + s1 + s2).Store(to);
        (d1 + d2).Store(to + toStep);
        Vector256.FusedMultiplyAdd(half, s1, two * s2).Store(to + 2 * toStep);
        (Vector256.FusedMultiplyAdd(half, d1, two * d2) + m5).Store(to + 3 * toStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OutputAdjoint(float* from, nint fromStep, float* to, nint toStep)
    {
        var y0 = Vector256.Load(from);
        var y1 = Vector256.Load(from + fromStep);
        var y2 = Vector256.Load(from + 2 * fromStep);
        var y3 = Vector256.Load(from + 3 * fromStep);
        Vector256<float> half = Vector256.Create(0.5f), two = Vector256.Create(2f);
        y0.Store(to);
        var even = Vector256.FusedMultiplyAdd(half, y2, y0);
        var odd = Vector256.FusedMultiplyAdd(half, y3, y1) * A;
        (even + odd).Store(to + toStep);
        (even - odd).Store(to + 2 * toStep);
        even = Vector256.FusedMultiplyAdd(two, y2, y0);
        odd = Vector256.FusedMultiplyAdd(two, y3, y1) * B;
        (even + odd).Store(to + 3 * toStep);
        (even - odd).Store(to + 4 * toStep);
        y3.Store(to + 5 * toStep);
    }
}
