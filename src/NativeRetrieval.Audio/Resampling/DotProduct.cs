using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NativeRetrieval.Audio.Resampling;

/// <summary>
/// <c>Σ a[i] b[i]</c> in float32, summed lane by lane over eight lanes. One at a time or eight at a time: the order of additions within
/// each sum is the same, so the bits are too.
/// </summary>
internal static class DotProduct
{
    /// <summary>
    /// Sums that <see cref="OfMany"/> makes: as many as hide the latency of a multiply-add, sharing every load of <c>a</c>.
    /// </summary>
    public const int Many = 8;

    const int Lanes = 8;

    /// <param name="a">A multiple of 8 long.</param>
    /// <param name="b">At least as long as <paramref name="a"/>.</param>
    public static float Of(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ref float x = ref MemoryMarshal.GetReference(a), y = ref MemoryMarshal.GetReference(b[..a.Length]);
        var sum = Vector256<float>.Zero;
        for (nuint i = 0; i < (nuint)a.Length; i += Lanes)
            sum = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref x, i), Vector256.LoadUnsafe(ref y, i), sum);
        return Vector256.Sum(sum);
    }

    /// <summary><c>c[j · cStride] = Σ_i a[i] b[j · bStride + i]</c> for j = 0 … 7.</summary>
    /// <param name="a">A multiple of 8 long.</param>
    public static void OfMany(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int bStride, Span<float> c, int cStride)
    {
        ref float x = ref MemoryMarshal.GetReference(a), y = ref MemoryMarshal.GetReference(b[..((Many - 1) * bStride + a.Length)]);
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        nuint step = (nuint)bStride;
        for (nuint i = 0; i < (nuint)a.Length; i += Lanes)
        {
            var weight = Vector256.LoadUnsafe(ref x, i);
            s0 = Vector256.MultiplyAddEstimate(weight, Vector256.LoadUnsafe(ref y, i), s0);
            s1 = Vector256.MultiplyAddEstimate(weight, Vector256.LoadUnsafe(ref y, i + step), s1);
            s2 = Vector256.MultiplyAddEstimate(weight, Vector256.LoadUnsafe(ref y, i + 2 * step), s2);
            s3 = Vector256.MultiplyAddEstimate(weight, Vector256.LoadUnsafe(ref y, i + 3 * step), s3);
            s4 = Vector256.MultiplyAddEstimate(weight, Vector256.LoadUnsafe(ref y, i + 4 * step), s4);
            s5 = Vector256.MultiplyAddEstimate(weight, Vector256.LoadUnsafe(ref y, i + 5 * step), s5);
            s6 = Vector256.MultiplyAddEstimate(weight, Vector256.LoadUnsafe(ref y, i + 6 * step), s6);
            s7 = Vector256.MultiplyAddEstimate(weight, Vector256.LoadUnsafe(ref y, i + 7 * step), s7);
        }
        c[0] = Vector256.Sum(s0);
        c[cStride] = Vector256.Sum(s1);
        c[2 * cStride] = Vector256.Sum(s2);
        c[3 * cStride] = Vector256.Sum(s3);
        c[4 * cStride] = Vector256.Sum(s4);
        c[5 * cStride] = Vector256.Sum(s5);
        c[6 * cStride] = Vector256.Sum(s6);
        c[7 * cStride] = Vector256.Sum(s7);
    }
}
