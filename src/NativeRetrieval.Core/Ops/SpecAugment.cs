using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>
/// Stripes of a log-mel spectrogram that are masked (Park et al. 2019), drawn as PANNs does: a width w is uniform over 0 … limit − 1, the
/// start uniform over 0 … extent − w − 1, so that the last position that would fit is never taken.
/// </summary>
/// <param name="TimeStripes">Stripes across time per clip, 0 or more.</param>
/// <param name="TimeWidthFrames">Exclusive limit of a time stripe's width, at least 1.</param>
/// <param name="MelStripes">Stripes across mel bins per clip, 0 or more.</param>
/// <param name="MelWidthBins">Exclusive limit of a mel stripe's width, at least 1.</param>
public sealed record SpecAugmentOptions(int TimeStripes = 2, int TimeWidthFrames = 64, int MelStripes = 2, int MelWidthBins = 8)
{
    /// <summary>Stripes per clip.</summary>
    public int Stripes => TimeStripes + MelStripes;

    /// <summary>Random numbers that a clip's stripes take.</summary>
    public int NumbersPerClip => 2 * Stripes;

    /// <exception cref="OptionException">A number is out of its range.</exception>
    public void Validate()
    {
        if (TimeStripes < 0 || MelStripes < 0 || TimeWidthFrames < 1 || MelWidthBins < 1)
            throw new OptionException($"SpecAugment: stripes must be 0 or more and width limits 1 or more, got {this}");
    }

    /// <summary>
    /// Stripe <paramref name="stripe"/> (time stripes first) of clip <paramref name="clip"/>: numbers 2s and 2s + 1 of the stream, s =
    /// clip · stripes + stripe.
    /// </summary>
    /// <param name="frames">The clip's own length, so that padding does not change its mask.</param>
    internal (int Start, int Width) Stripe(Philox stream, int clip, int stripe, int frames, int bins)
    {
        ulong index = 2 * ((ulong)clip * (ulong)Stripes + (ulong)stripe);
        return Stripe(stream.UInt32(index), stream.UInt32(index + 1), stripe, frames, bins);
    }

    /// <summary>A stripe by its two random numbers, for its width and its start.</summary>
    internal (int Start, int Width) Stripe(uint first, uint second, int stripe, int frames, int bins)
    {
        bool time = stripe < TimeStripes;
        int extent = time ? frames : bins;
        int width = Math.Min(Below(first, time ? TimeWidthFrames : MelWidthBins), extent);
        return (Below(second, Math.Max(1, extent - width)), width);

        static int Below(uint number, int bound) => (int)(((ulong)number * (uint)bound) >> 32);
    }
}

public static partial class Op
{
    /// <summary>Sets random stripes of frames and of mel bins to 0, other stripes for each clip.</summary>
    /// <param name="x">[N, 1, T, F], contiguous, after the normalisation that makes 0 the mean.</param>
    /// <param name="lengths">int32 [N], frames of each clip that are not padding; null: all.</param>
    public static Tensor SpecAugment(Tensor x, Tensor? lengths, SpecAugmentOptions options, Philox stream)
    {
        Expect.Real(x);
        Expect.Contiguous(x);
        Shape.ExpectRank(x, 4, "[N, 1, T, F]");
        Shape.Expect(x, [x.Shape[0], 1, x.Shape[2], x.Shape[3]], "a spectrogram has one channel");
        if (lengths is not null) Expect.Lengths(lengths, x.Shape[0], x);
        options.Validate();
        var y = Tensor.EmptyLike(x);
        x.Backend.SpecAugment(x, lengths, options, stream, y);
        return Tape.Record(y, [x], lengths is null ? [] : [lengths], (options, stream), static ctx =>
        {
            var (options, stream) = ctx.State<(SpecAugmentOptions, Philox)>();
            var dx = Tensor.EmptyLike(ctx.OutputGradient);
            dx.Backend.SpecAugment(ctx.OutputGradient, ctx.Saved is [var lengths] ? lengths : null, options, stream, dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void SpecAugment(Tensor x, Tensor? lengths, SpecAugmentOptions options, Philox stream, Tensor y);
}
