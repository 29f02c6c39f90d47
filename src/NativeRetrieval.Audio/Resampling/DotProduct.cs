using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NativeRetrieval.Audio.Resampling;

/// <summary><c>Σ a[i] b[i]</c> in float32 over eight lanes and four running sums: a fixed order, so equal inputs give equal bits.</summary>
internal static class DotProduct
{
    /// <param name="a">A multiple of 8 long.</param>
    /// <param name="b">At least as long as <paramref name="a"/>.</param>
    public static float Of(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ref float x = ref MemoryMarshal.GetReference(a), y = ref MemoryMarshal.GetReference(b[..a.Length]);
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        nuint i = 0, length = (nuint)a.Length;
        for (; i + 32 <= length; i += 32)
        {
            s0 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref x, i), Vector256.LoadUnsafe(ref y, i), s0);
            s1 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref x, i + 8), Vector256.LoadUnsafe(ref y, i + 8), s1);
            s2 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref x, i + 16), Vector256.LoadUnsafe(ref y, i + 16), s2);
            s3 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref x, i + 24), Vector256.LoadUnsafe(ref y, i + 24), s3);
        }
        for (; i < length; i += 8) s0 = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref x, i), Vector256.LoadUnsafe(ref y, i), s0);
        return Vector256.Sum(s0 + s1 + (s2 + s3));
    }
}
