using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// A row of at most two pixels between zero borders, as in the last block of a CNN: <c>y₀ = w₁x₀ + w₂x₁, y₁ = w₀x₀ + w₁x₁</c> is a 2x2
/// Toeplitz product and needs three multiplications, <c>w₁(x₀ + x₁), (w₂ − w₁)x₁, (w₀ − w₁)x₀</c>, and no more weights than the convolution
/// itself.
/// </summary>
internal readonly unsafe struct WinogradOfPair : IWinogradForm
{
    public static int Outputs => 2;

    public static int Inputs => 2;

    public static int Before => 0;

    public static int Points => 3;

    public static ReadOnlySpan<float> Filter => [0, 1, 0, 0, -1, 1, 1, -1, 0];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Kernel<TFloats>(float* from, nint fromStep, float* to, nint toStep)
        where TFloats : unmanaged, ISimdFloats<TFloats>
    {
        var w0 = TFloats.Load(from);
        var w1 = TFloats.Load(from + fromStep);
        var w2 = TFloats.Load(from + 2 * fromStep);
        w1.Store(to);
        (w2 - w1).Store(to + toStep);
        (w0 - w1).Store(to + 2 * toStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Input(float* from, nint fromStep, float* to, nint toStep)
    {
        var x0 = Vector256.Load(from);
        var x1 = Vector256.Load(from + fromStep);
        (x0 + x1).Store(to);
        x1.Store(to + toStep);
        x0.Store(to + 2 * toStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Output(float* from, nint fromStep, float* to, nint toStep)
    {
        var m0 = Vector256.Load(from);
        (m0 + Vector256.Load(from + fromStep)).Store(to);
        (m0 + Vector256.Load(from + 2 * fromStep)).Store(to + toStep);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OutputAdjoint(float* from, nint fromStep, float* to, nint toStep)
    {
        var y0 = Vector256.Load(from);
        var y1 = Vector256.Load(from + fromStep);
        (y0 + y1).Store(to);
        y0.Store(to + toStep);
        y1.Store(to + 2 * toStep);
    }
}
