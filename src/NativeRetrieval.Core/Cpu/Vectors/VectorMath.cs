using System.Numerics;
using System.Runtime.CompilerServices;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Transcendental functions of whole float vectors.</summary>
internal static class VectorMath
{
    const float InverseSqrt2Pi = 0.3989422804f;

    /// <summary>e^x with a relative error under 2e-7; below −87 the result is e^−87 ≈ 1.6e-38, above 88 it is e^88.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : unmanaged, ISimdFloats<T>
    {
        x = T.Min(T.Max(x, T.All(-87f)), T.All(88f));
        // x = n·ln 2 + r with |r| ≤ ln(2)/2. ln 2 is taken in two parts, the first with few bits, so that r is exact.
        var n = T.Round(x * T.All(1.44269504f));
        var r = T.MultiplyAdd(n, T.All(-0.693359375f), x);
        r = T.MultiplyAdd(n, T.All(2.12194440e-4f), r);
        // Taylor's series; its next term is under 6e-9.
        var p = T.All(1 / 5040f);
        p = T.MultiplyAdd(p, r, T.All(1 / 720f));
        p = T.MultiplyAdd(p, r, T.All(1 / 120f));
        p = T.MultiplyAdd(p, r, T.All(1 / 24f));
        p = T.MultiplyAdd(p, r, T.All(1 / 6f));
        p = T.MultiplyAdd(p, r, T.All(0.5f));
        p = T.MultiplyAdd(p, r, T.All(1));
        p = T.MultiplyAdd(p, r, T.All(1));
        return p * T.PowerOfTwo(n);
    }

    /// <summary>
    /// Φ(x), the normal distribution function, and its density φ(x), with absolute errors under 3e-7.
    /// Abramowitz and Stegun 7.1.26: erfc(z) = (a₁t + … + a₅t⁵)·e^(−z²), t = 1/(1 + 0.3275911 z), z = |x|/√2.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (T Distribution, T Density) Normal<T>(T x) where T : unmanaged, ISimdFloats<T>
    {
        var magnitude = T.Abs(x);
        var bell = Exp(magnitude * magnitude * T.All(-0.5f));
        var t = T.All(1) / T.MultiplyAdd(magnitude, T.All(0.3275911f * 0.70710678f), T.All(1));
        // Halved coefficients: ½·erfc is the tail of the normal distribution.
        var p = T.All(0.5f * 1.061405429f);
        p = T.MultiplyAdd(p, t, T.All(0.5f * -1.453152027f));
        p = T.MultiplyAdd(p, t, T.All(0.5f * 1.421413741f));
        p = T.MultiplyAdd(p, t, T.All(0.5f * -0.284496736f));
        p = T.MultiplyAdd(p, t, T.All(0.5f * 0.254829592f));
        var tail = p * t * bell;
        return (T.Select(x, tail, T.All(1) - tail), bell * T.All(InverseSqrt2Pi));
    }

    /// <summary>x·Φ(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Gelu<T>(T x) where T : unmanaged, ISimdFloats<T> => x * Normal(x).Distribution;

    /// <inheritdoc cref="Exp{T}(T)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Exp(Vector<float> x) => Exp(new NativeFloats(x)).Value;

    /// <inheritdoc cref="Normal{T}(T)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector<float> Distribution, Vector<float> Density) Normal(Vector<float> x)
    {
        var (distribution, density) = Normal(new NativeFloats(x));
        return (distribution.Value, density.Value);
    }

    /// <inheritdoc cref="Gelu{T}(T)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Gelu(Vector<float> x) => Gelu(new NativeFloats(x)).Value;
}
