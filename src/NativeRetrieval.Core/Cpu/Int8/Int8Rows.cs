using System.Numerics;
using System.Runtime.CompilerServices;

namespace NativeRetrieval.Core.Cpu.Int8;

/// <summary>
/// Quantizes rows of activations to integers 0 … 255, each row by its own range: x ≈ scale·(integer − zero). The range holds 0, which is an
/// integer itself, so that zeros stay zeros. Every step rounds a lane by itself: all vector widths give the same integers.
/// </summary>
internal static unsafe class Int8Rows
{
    const int Largest = 255;

    /// <summary>Its reciprocal is finite.</summary>
    const float SmallestScale = 1.17549435e-38f;

    /// <summary>Scale and zero of a row; the scale is NaN where the row holds NaN or an infinity.</summary>
    public readonly record struct Range(float Scale, int Zero);

    /// <param name="integers">[width], overwritten.</param>
    public static Range Quantize(float* x, int width, byte* integers)
    {
        var (least, most) = Extremes(x, width);
        float scale = Math.Max(most / Largest - least / Largest, SmallestScale);
        if (!float.IsFinite(scale))
        {
            new Span<byte>(integers, width).Clear();
            return new(float.NaN, 0);
        }
        float reciprocal = 1 / scale, zero = Math.Min(MathF.Round(-least * reciprocal), Largest);
        Convert(x, width, reciprocal, zero, integers);
        return new(scale, (int)zero);
    }

    /// <summary>The least and the greatest value, 0 among them. NaN and infinities come out as such.</summary>
    static (float Least, float Most) Extremes(float* x, int width)
    {
        float least = 0, most = 0;
        int i = 0;
        if (width >= Vector<float>.Count)
        {
            Vector<float> low = Vector<float>.Zero, high = Vector<float>.Zero;
            for (; i <= width - Vector<float>.Count; i += Vector<float>.Count)
            {
                var value = Vector.Load(x + i);
                low = Vector.Min(low, value);
                high = Vector.Max(high, value);
            }
            for (int lane = 0; lane < Vector<float>.Count; lane++)
                (least, most) = (Math.Min(least, low[lane]), Math.Max(most, high[lane]));
        }
        for (; i < width; i++) (least, most) = (Math.Min(least, x[i]), Math.Max(most, x[i]));
        return (least, most);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Convert(float* x, int width, float reciprocal, float zero, byte* integers)
    {
        int lanes = Vector<float>.Count, i = 0;
        for (; i <= width - 4 * lanes; i += 4 * lanes)
        {
            var low = Vector.Narrow(Convert(x + i, reciprocal, zero), Convert(x + i + lanes, reciprocal, zero));
            var high = Vector.Narrow(Convert(x + i + 2 * lanes, reciprocal, zero), Convert(x + i + 3 * lanes, reciprocal, zero));
            Vector.Store(Vector.Narrow(low, high), integers + i);
        }
        for (; i < width; i++) integers[i] = (byte)Math.Clamp(MathF.Round(x[i] * reciprocal) + zero, 0, Largest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector<uint> Convert(float* x, float reciprocal, float zero)
    {
        var value = Vector.Round(Vector.Load(x) * reciprocal) + new Vector<float>(zero);
        value = Vector.Min(Vector.Max(value, Vector<float>.Zero), new Vector<float>(Largest));
        return Vector.AsVectorUInt32(Vector.ConvertToInt32(value));
    }

    /// <summary>Puts a row's integers into a strip [group][row], 32 bits each; steps behind the last are 0.</summary>
    /// <param name="group">Steps in 32 bits: 4, 2 or 1.</param>
    /// <param name="integers">[groups·group]; those behind the last step are overwritten.</param>
    /// <param name="strip">The row's first element.</param>
    public static void Place(byte* integers, int width, int groups, int group, int* strip, int height)
    {
        for (int step = width; step < groups * group; step++) integers[step] = 0;
        for (int i = 0; i < groups; i++, strip += height)
            *strip = group switch
            {
                4 => Unsafe.ReadUnaligned<int>(integers + 4 * i),
                2 => integers[2 * i] | (integers[2 * i + 1] << 16),
                _ => integers[i],
            };
    }
}
