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
        if (melBins < 1 || frames.Length % melBins != 0 || shifted.Length != frames.Length)
            throw new ShapeException($"CircularShift: {frames.Length} values into {shifted.Length}; expected equal multiples of "
                + $"{melBins} mel bins");
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
}
