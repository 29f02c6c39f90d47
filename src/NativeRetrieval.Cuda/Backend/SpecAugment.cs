using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Start and end of a stripe.</summary>
    const int StripeBytes = 2 * sizeof(int);

    public void SpecAugment(Tensor x, Tensor? lengths, SpecAugmentOptions options, Philox stream, Tensor y)
    {
        int clips = x.Shape[0], frames = x.Shape[2], bins = x.Shape[3];
        Launch("spec_augment", "spec_augment_forward_f32", (Spread((long)frames * bins), clips, 1), Block, options.Stripes * StripeBytes,
            F32(x), IntsOrNull(lengths), options.TimeStripes, options.TimeWidthFrames, options.MelStripes, options.MelWidthBins,
            (long)stream.Seed, (long)stream.Stream, (long)stream.First, (long)stream.PerToken, StreamMoves, F32(y), frames, bins);
    }
}
