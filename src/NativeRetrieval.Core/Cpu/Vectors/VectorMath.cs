using System.Numerics;
using System.Runtime.CompilerServices;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Transcendental functions of whole float vectors.</summary>
internal static class VectorMath
{
    const float InverseSqrt2Pi = 0.3989422804f;

    /// <summary>e^x with a relative error under 2e-7; below −87 the result is e^−87 ≈ 1.6e-38, above 88 it is e^88.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Exp(Vector<float> x)
    {
        x = Vector.Min(Vector.Max(x, new(-87f)), new(88f));
        // x = n·ln 2 + r with |r| ≤ ln(2)/2. ln 2 is taken in two parts, the first with few bits, so that r is exact.
        var n = Vector.Round(x * new Vector<float>(1.44269504f));
        var r = Vector.MultiplyAddEstimate(n, new(-0.693359375f), x);
        r = Vector.MultiplyAddEstimate(n, new(2.12194440e-4f), r);
        // Taylor's series; its next term is under 6e-9.
        var p = new Vector<float>(1 / 5040f);
        p = Vector.MultiplyAddEstimate(p, r, new(1 / 720f));
        p = Vector.MultiplyAddEstimate(p, r, new(1 / 120f));
        p = Vector.MultiplyAddEstimate(p, r, new(1 / 24f));
        p = Vector.MultiplyAddEstimate(p, r, new(1 / 6f));
        p = Vector.MultiplyAddEstimate(p, r, new(0.5f));
        p = Vector.MultiplyAddEstimate(p, r, Vector<float>.One);
        p = Vector.MultiplyAddEstimate(p, r, Vector<float>.One);
        var exponent = (Vector.ConvertToInt32(n) + new Vector<int>(127)) << 23;
        return p * Vector.AsVectorSingle(exponent);
    }

    /// <summary>
    /// Φ(x), the normal distribution function, and its density φ(x), with absolute errors under 3e-7.
    /// Abramowitz and Stegun 7.1.26: erfc(z) = (a₁t + … + a₅t⁵)·e^(−z²), t = 1/(1 + 0.3275911 z), z = |x|/√2.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector<float> Distribution, Vector<float> Density) Normal(Vector<float> x)
    {
        var magnitude = Vector.Abs(x);
        var bell = Exp(magnitude * magnitude * new Vector<float>(-0.5f));
        var t = Vector<float>.One / Vector.MultiplyAddEstimate(magnitude, new(0.3275911f * 0.70710678f), Vector<float>.One);
        // Halved coefficients: ½·erfc is the tail of the normal distribution.
        var p = new Vector<float>(0.5f * 1.061405429f);
        p = Vector.MultiplyAddEstimate(p, t, new(0.5f * -1.453152027f));
        p = Vector.MultiplyAddEstimate(p, t, new(0.5f * 1.421413741f));
        p = Vector.MultiplyAddEstimate(p, t, new(0.5f * -0.284496736f));
        p = Vector.MultiplyAddEstimate(p, t, new(0.5f * 0.254829592f));
        var tail = p * t * bell;
        var distribution = Vector.ConditionalSelect(Vector.LessThan(x, Vector<float>.Zero), tail, Vector<float>.One - tail);
        return (distribution, bell * InverseSqrt2Pi);
    }

    /// <summary>x·Φ(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Gelu(Vector<float> x) => x * Normal(x).Distribution;
}
