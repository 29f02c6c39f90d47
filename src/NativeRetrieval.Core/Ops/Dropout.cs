using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// <c>y = x · keep / (1 − p)</c>, keep = 0 with probability p. Element i uses number i of <paramref name="stream"/>; i counts
    /// row-major, and channels-last ((n·H + h)·W + w)·C + c for feature maps [N, C, H, W], so that no layout or device changes the mask.
    /// </summary>
    /// <param name="x">Any shape and layout, float32, float64 or bfloat16; four axes are a feature map.</param>
    /// <param name="probability">p, 0 ≤ p &lt; 1; 0 returns <paramref name="x"/>.</param>
    public static Tensor Dropout(Tensor x, double probability, Philox stream)
    {
        Expect.Activation(x);
        Expect.Probability(probability);
        if (probability == 0) return x;
        var y = Tensor.EmptyLike(x);
        x.Backend.Dropout(x, probability, stream, y);
        return Tape.Record(y, [x], [], (probability, stream), static ctx =>
        {
            var (probability, stream) = ctx.State<(double, Philox)>();
            var dx = Tensor.EmptyLike(ctx.OutputGradient);
            dx.Backend.Dropout(ctx.OutputGradient, probability, stream, dx); // linear in x: the same mask, drawn again
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void Dropout(Tensor x, double probability, Philox stream, Tensor y);
}
