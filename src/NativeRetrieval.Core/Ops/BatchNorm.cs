using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>Settings of <see cref="Op.BatchNorm"/>.</summary>
/// <param name="Training">
/// Normalise by the batch's statistics and move the running ones towards them; otherwise use the running ones.
/// </param>
/// <param name="Axis">The axis that owns the statistics: 1, the channels of [N, C, H, W], or 3, the mel bins of [N, 1, T, F].</param>
/// <param name="Relu">Follow with max(·, 0) in the same pass.</param>
/// <param name="Epsilon">ε, added to the variance.</param>
/// <param name="Momentum">Share of the batch in the new running statistics.</param>
public readonly record struct BatchNormOptions(bool Training, int Axis = 1, bool Relu = false, double Epsilon = 1e-5,
    double Momentum = 0.1);

public static partial class Op
{
    /// <summary>
    /// <c>y = γ·(x − μ)/√(σ² + ε) + β</c> per channel (Ioffe and Szegedy 2015). In training μ and the biased σ² come from the batch, and
    /// the running statistics take the unbiased variance, as in PyTorch.
    /// </summary>
    /// <param name="x">
    /// [N, C, H, W], float32, float64 or bfloat16; channels may be blocked where <see cref="BatchNormOptions.Axis"/> is 1.
    /// </param>
    /// <param name="weight">γ, [C].</param>
    /// <param name="bias">β, [C].</param>
    /// <param name="runningMean">[C]; updated in training.</param>
    /// <param name="runningVariance">[C]; updated in training.</param>
    /// <param name="lengths">
    /// int32 [N]: frames (axis 2) of each clip that are not padding. Only they enter the statistics, and y is 0 in all others. Null: all.
    /// </param>
    public static Tensor BatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance,
        BatchNormOptions options, Tensor? lengths = null)
    {
        Expect.Activation(x);
        Shape.ExpectRank(x, 4, "[N, C, H, W]");
        Expect.BatchNorm(x, weight, bias, runningMean, runningVariance, options, lengths);

        var y = Tensor.EmptyLike(x);
        var (mean, inverseDeviation) = (Tensor.EmptyLike(weight), Tensor.EmptyLike(weight));
        x.Backend.BatchNorm(x, weight, bias, runningMean, runningVariance, lengths, options, y, mean, inverseDeviation);
        if (options.Training)
        {
            runningMean.Version++;
            runningVariance.Version++;
        }
        // x is kept, not y: the rectifier's mask is computed again from it.
        ReadOnlySpan<Tensor> saved = lengths is null ? [x, weight, bias, mean, inverseDeviation]
            : [x, weight, bias, mean, inverseDeviation, lengths];
        return Tape.Record(y, [x, weight, bias], saved, options, static ctx =>
        {
            var (x, weight, bias) = (ctx.Saved[0], ctx.Saved[1], ctx.Saved[2]);
            var dx = Tensor.EmptyLike(x);
            var (dWeight, dBias) = (Tensor.EmptyLike(weight), Tensor.EmptyLike(bias));
            x.Backend.BatchNormBackward(ctx.OutputGradient, x, weight, bias, ctx.Saved[3], ctx.Saved[4],
                ctx.Saved.Length > 5 ? ctx.Saved[5] : null, ctx.State<BatchNormOptions>(), dx, dWeight, dBias);
            return [dx, dWeight, dBias];
        });
    }
}

internal partial interface IBackend
{
    /// <summary>Also writes the mean and 1/√(σ² + ε) that were used, and updates the running statistics in training.</summary>
    void BatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, Tensor y, Tensor mean, Tensor inverseDeviation);

    void BatchNormBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, Tensor dx, Tensor dWeight, Tensor dBias);
}
