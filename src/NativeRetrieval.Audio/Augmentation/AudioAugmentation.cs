using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Audio.Augmentation;

/// <summary>Changes of a clip that leave its meaning alone, for training. Randomness comes from the caller.</summary>
public static class AudioAugmentation
{
    /// <summary><c>y[t] = x[(t − offset) mod frames]</c>: later frames come round to the front; nothing is lost.</summary>
    /// <param name="frames">[frames, melBins], row-major.</param>
    /// <param name="offsetFrames">Any number; its remainder by the number of frames counts.</param>
    /// <param name="shifted">As long as <paramref name="frames"/>, not overlapping it.</param>
    /// <exception cref="ShapeException">The lengths differ or are no multiple of <paramref name="melBins"/>.</exception>
    public static void CircularShift(ReadOnlySpan<float> frames, int melBins, int offsetFrames, Span<float> shifted)
    {
        if (melBins < 1 || frames.Length % melBins != 0 || shifted.Length != frames.Length)
            throw new ShapeException($"CircularShift: {frames.Length} values into {shifted.Length}; expected equal multiples of {melBins} mel bins");
        if (frames.IsEmpty) return;
        int count = frames.Length / melBins, offset = (offsetFrames % count + count) % count;
        int tail = (count - offset) * melBins;
        frames[tail..].CopyTo(shifted);
        frames[..tail].CopyTo(shifted[(offset * melBins)..]);
    }

    /// <summary><see cref="CircularShift(ReadOnlySpan{float}, int, int, Span{float})"/> by 0 … frames − 1, uniformly.</summary>
    /// <param name="random">One number of it is used.</param>
    public static void CircularShift(ReadOnlySpan<float> frames, int melBins, PhiloxSequence random, Span<float> shifted) =>
        CircularShift(frames, melBins, random.NextBelow(Math.Max(1, frames.Length / Math.Max(1, melBins))), shifted);
}
