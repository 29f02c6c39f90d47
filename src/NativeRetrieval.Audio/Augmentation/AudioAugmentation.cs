using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Audio.Augmentation;

/// <summary>Changes of a clip that leave its meaning alone, for training. Randomness comes from the caller.</summary>
public static class AudioAugmentation
{
    /// <summary><c>y[t] = x[(t − offset) mod frames]</c>: later frames come round to the front; nothing is lost.</summary>
    /// <param name="frames">Log-mel [frames, melBins], float32, row-major.</param>
    /// <param name="offsetFrames">Any number; its remainder by the number of frames counts.</param>
    /// <param name="shifted">Result, as long as <paramref name="frames"/>, not overlapping it.</param>
    /// <exception cref="ShapeException">The lengths differ or are no multiple of <paramref name="melBins"/>.</exception>
    public static void CircularShift(ReadOnlySpan<float> frames, int melBins, int offsetFrames, Span<float> shifted)
    {
        ExpectFrames(nameof(CircularShift), frames, melBins, shifted);
        if (frames.IsEmpty) return;
        int count = frames.Length / melBins, offset = (offsetFrames % count + count) % count;
        int tail = (count - offset) * melBins;
        frames[tail..].CopyTo(shifted);
        frames[..tail].CopyTo(shifted[(offset * melBins)..]);
    }

    /// <summary><see cref="CircularShift(ReadOnlySpan{float}, int, int, Span{float})"/> by 0 … frames − 1, uniformly.</summary>
    /// <param name="frames">Log-mel [frames, melBins], float32, row-major.</param>
    /// <param name="random">Source of the offset; one number is drawn.</param>
    /// <param name="shifted">Result, as long as <paramref name="frames"/>, not overlapping it.</param>
    /// <exception cref="ShapeException">The lengths differ or are no multiple of <paramref name="melBins"/>.</exception>
    public static void CircularShift(ReadOnlySpan<float> frames, int melBins, PhiloxSequence random, Span<float> shifted) =>
        CircularShift(frames, melBins, random.NextBelow(Math.Max(1, frames.Length / Math.Max(1, melBins))), shifted);

    /// <summary>
    /// <c>y = max(x + gain, floor)</c>: the log-mel of a louder or softer recording. Values at the floor are silence and stay there.
    /// </summary>
    /// <param name="logMel">Log-mel values in dB.</param>
    /// <param name="gainDb">Gain in dB.</param>
    /// <param name="floorDb">Level of silence, in dB.</param>
    /// <param name="changed">Result, as long as <paramref name="logMel"/>.</param>
    /// <exception cref="ShapeException">The lengths differ.</exception>
    public static void Gain(ReadOnlySpan<float> logMel, float gainDb, float floorDb, Span<float> changed)
    {
        if (changed.Length != logMel.Length) throw new ShapeException($"Gain: {logMel.Length} values into {changed.Length}");
        for (int i = 0; i < logMel.Length; i++) changed[i] = logMel[i] <= floorDb ? floorDb : MathF.Max(logMel[i] + gainDb, floorDb);
    }

    /// <summary>
    /// <c>y[t, m] = x[t · tempo mod frames, m − bins]</c>, linear between four values: a clip played faster or slower by
    /// <paramref name="tempo"/> and, apart from that, moved along the mel axis. What is played faster comes round; beyond the lowest and
    /// the highest bin their values repeat.
    /// </summary>
    /// <param name="frames">Log-mel [frames, melBins] in dB, float32, row-major.</param>
    /// <param name="tempo">Frames of the clip per frame of the result, above 0; 1 for the clip's own tempo.</param>
    /// <param name="bins">Bins that the clip moves up, or down where negative; 0 for none.</param>
    /// <param name="warped">Result, as long as <paramref name="frames"/>, not overlapping it.</param>
    /// <exception cref="ShapeException">The lengths differ or are no multiple of <paramref name="melBins"/>.</exception>
    public static void Warp(ReadOnlySpan<float> frames, int melBins, double tempo, double bins, Span<float> warped)
    {
        ExpectFrames(nameof(Warp), frames, melBins, warped);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tempo);
        int count = frames.Length / melBins;
        for (int t = 0; t < count; t++)
        {
            double from = t * tempo % count;
            int first = Math.Min((int)from, count - 1);
            float late = (float)(from - first);
            var earlier = frames.Slice(first * melBins, melBins);
            var later = frames.Slice((first + 1) % count * melBins, melBins);
            var row = warped.Slice(t * melBins, melBins);
            for (int m = 0; m < melBins; m++)
            {
                double bin = Math.Clamp(m - bins, 0, melBins - 1);
                int low = (int)bin, high = Math.Min(low + 1, melBins - 1);
                float up = (float)(bin - low);
                row[m] = Between(Between(earlier[low], earlier[high], up), Between(later[low], later[high], up), late);
            }
        }

        static float Between(float a, float b, float share) => share == 0 ? a : a + (b - a) * share;
    }

    /// <summary>
    /// <c>y[t, m] = max(x[t, m] + g(m), floor)</c>: the recording through a filter whose gain in dB is linear between knots that are spread
    /// evenly from the lowest to the highest bin (Nam et al. 2022, "FilterAugment"). Values at the floor are silence and stay there.
    /// </summary>
    /// <param name="frames">Log-mel [frames, melBins] in dB, float32, row-major.</param>
    /// <param name="gainsDb">Gains at the knots, two or more, in dB.</param>
    /// <param name="floorDb">Level of silence, in dB.</param>
    /// <param name="filtered">Result, as long as <paramref name="frames"/>; it may be the same memory.</param>
    /// <exception cref="ShapeException">
    /// The lengths differ, are no multiple of <paramref name="melBins"/>, or there are too few knots.
    /// </exception>
    public static void Filter(ReadOnlySpan<float> frames, int melBins, ReadOnlySpan<float> gainsDb, float floorDb, Span<float> filtered)
    {
        ExpectFrames(nameof(Filter), frames, melBins, filtered);
        if (gainsDb.Length < 2) throw new ShapeException($"Filter: {gainsDb.Length} knots; expected 2 or more");
        Span<float> gains = melBins <= 256 ? stackalloc float[melBins] : new float[melBins];
        for (int m = 0; m < melBins; m++)
        {
            float knot = melBins == 1 ? 0 : m * (gainsDb.Length - 1f) / (melBins - 1);
            int low = Math.Min((int)knot, gainsDb.Length - 2);
            gains[m] = gainsDb[low] + (gainsDb[low + 1] - gainsDb[low]) * (knot - low);
        }
        for (int i = 0; i < frames.Length; i++)
            filtered[i] = frames[i] <= floorDb ? floorDb : MathF.Max(frames[i] + gains[i % melBins], floorDb);
    }

    /// <summary>
    /// <c>y = 10·log₁₀(10^(a/10) + 10^((b + level)/10))</c>: two clips heard at once, from their first frames on; powers add up, as those
    /// of unrelated sounds do.
    /// </summary>
    /// <param name="levelDb">Level added to <paramref name="b"/>, in dB.</param>
    /// <param name="floorDb">Level of silence, in dB; silence stays silence.</param>
    /// <returns>A clip as long as the longer of both.</returns>
    /// <exception cref="ShapeException">The numbers of mel bins differ.</exception>
    public static LogMelClip Mix(LogMelClip a, LogMelClip b, float levelDb, float floorDb)
    {
        if (a.MelBins != b.MelBins) throw new ShapeException($"Mix: {a.MelBins} and {b.MelBins} mel bins");
        int common = Math.Min(a.Values.Length, b.Values.Length);
        var sum = new float[Math.Max(a.Values.Length, b.Values.Length)];
        for (int i = 0; i < common; i++) sum[i] = PowerSum(a.Values[i], Added(b.Values[i]));
        a.Values.AsSpan(common).CopyTo(sum.AsSpan(common));
        for (int i = common; i < b.Values.Length; i++) sum[i] = Added(b.Values[i]);
        return new LogMelClip(sum, Math.Max(a.Frames, b.Frames), a.MelBins, Math.Max(a.Samples, b.Samples));

        float Added(float db) => db <= floorDb ? floorDb : MathF.Max(db + levelDb, floorDb);

        static float PowerSum(float x, float y)
        {
            float less = MathF.Abs(x - y);
            return MathF.Max(x, y) + (less > 80 ? 0 : 10 * MathF.Log10(1 + MathF.Exp(less * (-MathF.Log(10) / 10))));
        }
    }

    /// <summary>
    /// Frames <paramref name="start"/> … <paramref name="start"/> + <paramref name="frames"/> − 1 of a clip. The first and the last still
    /// contain samples from beyond the cut, because STFT windows overlap.
    /// </summary>
    /// <param name="start">First frame, 0 or more.</param>
    /// <param name="frames">Number of frames, at least 1.</param>
    /// <param name="hopSamples">Samples from one frame to the next.</param>
    /// <exception cref="ShapeException">The frames are not all within the clip.</exception>
    public static LogMelClip Crop(LogMelClip clip, int start, int frames, int hopSamples)
    {
        if (start < 0 || frames < 1 || start > clip.Frames - frames)
            throw new ShapeException($"Crop: frames {start} … {start + frames - 1} of a clip of {clip.Frames}");
        return new LogMelClip(clip.Values.AsSpan(start * clip.MelBins, frames * clip.MelBins).ToArray(), frames, clip.MelBins,
            Math.Min(clip.Samples, (frames - 1) * hopSamples));
    }

    static void ExpectFrames(string change, ReadOnlySpan<float> frames, int melBins, Span<float> changed)
    {
        if (melBins < 1 || frames.Length % melBins != 0 || changed.Length != frames.Length)
            throw new ShapeException($"{change}: {frames.Length} values into {changed.Length}; expected equal multiples of "
                + $"{melBins} mel bins");
    }
}
