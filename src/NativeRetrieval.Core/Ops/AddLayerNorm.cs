using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// <c>y = γ·(s − μ)/√(σ² + ε) + β</c> over the last axis with <c>s = dropout(x) + residual</c>: the end of each half of a post-norm
    /// transformer layer in one pass. The same numbers as <see cref="Dropout"/>, <see cref="Add"/> and <see cref="LayerNorm"/>.
    /// </summary>
    /// <param name="x">[…, D], float32, float64 or bfloat16, contiguous.</param>
    /// <param name="residual">Like <paramref name="x"/>.</param>
    /// <param name="gain">γ, [D]; float32 beside bfloat16.</param>
    /// <param name="bias">β, [D]; float32 beside bfloat16.</param>
    /// <param name="epsilon">ε; 1e-12 in BERT.</param>
    /// <param name="probability">p, the share of <paramref name="x"/> that is dropped, 0 ≤ p &lt; 1; the others are divided by
    /// 1 − p.</param>
    /// <param name="stream">Element i of <paramref name="x"/>, row-major, uses number i.</param>
    /// <exception cref="ShapeException">The shapes of x and residual differ, or γ or β is not [D].</exception>
    public static Tensor AddLayerNorm(Tensor x, Tensor residual, Tensor gain, Tensor bias, double epsilon = 1e-12, double probability = 0,
        Philox stream = default)
    {
        ExpectNormalizable(x, gain, bias);
        Expect.Same(residual, x);
        if (probability is not (>= 0 and < 1))
            throw new OptionException($"AddLayerNorm: the dropout probability must be in [0, 1), got {probability}");
        var y = Tensor.EmptyLike(x);
        bool recorded = Tape.Follows(x) || Tape.Follows(residual) || Tape.Follows(gain) || Tape.Follows(bias);
        using var sum = recorded ? Tensor.EmptyLike(x) : null;
        using var mean = Tensor.Empty(x.Shape[..^1], x.Device, gain.DType);
        using var inverseDeviation = Tensor.Empty(x.Shape[..^1], x.Device, gain.DType);
        x.Backend.AddLayerNorm(x, residual, gain, bias, epsilon, probability, stream, sum, y, mean, inverseDeviation);
        if (sum is null) return y;
        return Tape.Record(y, [x, residual, gain, bias], [sum, gain, mean, inverseDeviation], (probability, stream), static ctx =>
        {
            var (probability, stream) = ctx.State<(double, Philox)>();
            var (sum, gain) = (ctx.Saved[0], ctx.Saved[1]);
            var (dSum, dGain, dBias) = (Tensor.EmptyLike(sum), Tensor.EmptyLike(gain), Tensor.EmptyLike(gain));
            var dx = probability > 0 ? Tensor.EmptyLike(sum) : dSum;
            sum.Backend.AddLayerNormBackward(ctx.OutputGradient, sum, gain, ctx.Saved[2], ctx.Saved[3], probability, stream, dx, dSum,
                dGain, dBias);
            return [dx, dSum, dGain, dBias];
        });
    }
}

internal partial interface IBackend
{
    /// <param name="sum">s, or null where backward will not come.</param>
    /// <param name="mean">μ per row.</param>
    /// <param name="inverseDeviation">1/√(σ² + ε) per row.</param>
    void AddLayerNorm(Tensor x, Tensor residual, Tensor gain, Tensor bias, double epsilon, double probability, Philox stream, Tensor? sum,
        Tensor y, Tensor mean, Tensor inverseDeviation);

    /// <summary>
    /// dSum, dGain and dBias as those of LayerNormBackward, dx = dropout(dSum); dx is dSum where nothing is dropped.
    /// </summary>
    void AddLayerNormBackward(Tensor dy, Tensor sum, Tensor gain, Tensor mean, Tensor inverseDeviation, double probability, Philox stream,
        Tensor dx, Tensor dSum, Tensor dGain, Tensor dBias);
}
