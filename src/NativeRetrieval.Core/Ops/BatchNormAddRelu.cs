using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// <c>y = max(batchnorm(x) + residual, 0)</c>: the end of a residual block in one pass where the device has one. The normalised maps
    /// are not kept.
    /// </summary>
    /// <param name="x">[N, C, H, W], float32, float64 or bfloat16, in the device's layout of feature maps.</param>
    /// <param name="weight">γ, [C].</param>
    /// <param name="bias">β, [C].</param>
    /// <param name="runningMean">[C]; updated in training.</param>
    /// <param name="runningVariance">[C]; updated in training.</param>
    /// <param name="options">Channels are axis 1; without ReLU, which follows the sum.</param>
    /// <param name="residual">Like x.</param>
    /// <param name="lengths">
    /// int32 [N]: frames (axis 2) of each clip that are not padding. Only they enter the statistics; the normalised maps are 0 in all
    /// others. Null: all.
    /// </param>
    public static Tensor BatchNormAddRelu(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance,
        BatchNormOptions options, Tensor residual, Tensor? lengths = null)
    {
        Expect.Activation(x);
        Shape.ExpectRank(x, 4, "[N, C, H, W]");
        if (options.Axis != 1) throw new ShapeException($"BatchNormAddRelu: the axis must be 1, got {options.Axis}");
        if (options.Relu) throw new ShapeException("BatchNormAddRelu: its ReLU follows the sum; the options must not ask for another");
        Expect.BatchNorm(x, weight, bias, runningMean, runningVariance, options, lengths);
        Expect.Same(residual, x);

        var y = Tensor.EmptyLike(x);
        var (mean, inverseDeviation) = (Tensor.EmptyLike(weight), Tensor.EmptyLike(weight));
        x.Backend.BatchNormAddRelu(x, weight, bias, runningMean, runningVariance, lengths, options, residual, y, mean, inverseDeviation);
        if (options.Training)
        {
            runningMean.Version++;
            runningVariance.Version++;
        }
        // y is kept, which the next operation keeps anyway: the rectifier's mask.
        ReadOnlySpan<Tensor> saved = lengths is null ? [x, weight, bias, mean, inverseDeviation, y]
            : [x, weight, bias, mean, inverseDeviation, y, lengths];
        return Tape.Record(y, [x, weight, bias, residual], saved, options, static ctx =>
        {
            var (x, weight, bias, y) = (ctx.Saved[0], ctx.Saved[1], ctx.Saved[2], ctx.Saved[5]);
            var (dx, dResidual) = (Tensor.EmptyLike(x), Tensor.EmptyLike(x));
            var (dWeight, dBias) = (Tensor.EmptyLike(weight), Tensor.EmptyLike(bias));
            x.Backend.BatchNormAddReluBackward(ctx.OutputGradient, y, x, weight, bias, ctx.Saved[3], ctx.Saved[4],
                ctx.Saved.Length > 6 ? ctx.Saved[6] : null, ctx.State<BatchNormOptions>(), dx, dWeight, dBias, dResidual);
            return [dx, dWeight, dBias, dResidual];
        });
    }
}

internal partial interface IBackend
{
    /// <summary>Also writes the mean and 1/√(σ² + ε) that were used, and updates the running statistics in training.</summary>
    void BatchNormAddRelu(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, Tensor residual, Tensor y, Tensor mean, Tensor inverseDeviation);

    void BatchNormAddReluBackward(Tensor dy, Tensor y, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, Tensor dx, Tensor dWeight, Tensor dBias, Tensor dResidual);
}
