using System.Numerics;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>Refuses samples that would poison everything computed from them.</summary>
internal static class SampleRange
{
    /// <summary>
    /// Far above any scaling mistake (32-bit integers kept as floats reach 2.1e9), and its power spectrum still fits float32.
    /// </summary>
    public const float Maximum = 1e12f;

    /// <exception cref="AudioDecodeException">A sample is NaN, infinite or beyond ±<see cref="Maximum"/>.</exception>
    public static void Check(string path, ReadOnlySpan<float> interleaved, int channels, long firstFrame)
    {
        var limit = new Vector<float>(Maximum);
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(interleaved);
        int i = 0;
        while (i < vectors.Length && Vector.LessThanOrEqualAll(Vector.Abs(vectors[i]), limit)) i++;      // false for NaN
        for (i *= Vector<float>.Count; i < interleaved.Length; i++)
            if (!(MathF.Abs(interleaved[i]) <= Maximum))
                throw new AudioDecodeException(path, $"frame {firstFrame + i / channels}, channel {i % channels}: the sample is "
                    + $"{interleaved[i]}; expected finite samples within ±{Maximum:0e0}");
    }
}
