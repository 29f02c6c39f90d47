using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>F(2, 3) with the points 0, 1, −1, ∞.</summary>
internal readonly unsafe struct WinogradOf2 : IWinogradForm
{
    public static int Outputs => 2;

    public static int Inputs => 4;

    public static int Before => 1;

    public static int Points => 4;

    public static ReadOnlySpan<float> Filter => [1, 0, 0, 0.5f, 0.5f, 0.5f, 0.5f, -0.5f, 0.5f, 0, 0, 1];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Kernel<TFloats>(float* from, nint fromStep, float* to, nint toStep)
        where TFloats : unmanaged, ISimdFloats<TFloats>
    {
        var half = TFloats.All(0.5f);
        var w0 = TFloats.Load(from);
        var w1 = TFloats.Load(from + fromStep) * half;
        var w2 = TFloats.Load(from + 2 * fromStep);
        var even = (w0 + w2) * half;
        w0.Store(to);
        (even + w1).Store(to + toStep);
        (even - w1).Store(to + 2 * toStep);
        w2.Store(to + 3 * toStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* from, nint fromStep, float* to, nint toStep)
    {
        var d0 = Vector256.Load(from);
        var d1 = Vector256.Load(from + fromStep);
        var d2 = Vector256.Load(from + 2 * fromStep);
        var d3 = Vector256.Load(from + 3 * fromStep);
        (d0 - d2).Store(to);
        (d1 + d2).Store(to + toStep);
        (d2 - d1).Store(to + 2 * toStep);
        (d3 - d1).Store(to + 3 * toStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output(float* from, nint fromStep, float* to, nint toStep)
    {
        var m0 = Vector256.Load(from);
        var m1 = Vector256.Load(from + fromStep);
        var m2 = Vector256.Load(from + 2 * fromStep);
        var m3 = Vector256.Load(from + 3 * fromStep);
        (m0 + m1 + m2).Store(to);
        (m1 - m2 + m3).Store(to + toStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OutputAdjoint(float* from, nint fromStep, float* to, nint toStep)
    {
        var y0 = Vector256.Load(from);
        var y1 = Vector256.Load(from + fromStep);
        y0.Store(to);
        (y0 + y1).Store(to + toStep);
        (y0 - y1).Store(to + 2 * toStep);
        y1.Store(to + 3 * toStep);
    }
}
