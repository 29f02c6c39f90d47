using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

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
