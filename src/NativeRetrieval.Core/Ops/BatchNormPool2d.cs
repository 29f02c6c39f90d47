using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>The end of a convolutional block: average pooling, then dropout.</summary>
/// <param name="Window">Height and width of the windows; 1: no pooling.</param>
/// <param name="Dropout">p, 0 ≤ p &lt; 1.</param>
/// <param name="Stream">Random numbers of the dropout; number i belongs to element i of the result, as in <see cref="Op.Dropout"/>.</param>
public readonly record struct PoolingOptions(int Window, double Dropout = 0, Philox Stream = default);

public static partial class Op
{
    /// <summary>
    /// <see cref="BatchNorm"/>, <see cref="AvgPool2d"/> and <see cref="Dropout"/> in one pass each way where the device has one: neither
    /// the normalised maps nor a mask are kept.
    /// </summary>
    /// <param name="x">[N, C, H, W], float32, float64 or bfloat16, in the device's layout of feature maps.</param>
    /// <param name="weight">γ, [C].</param>
    /// <param name="bias">β, [C].</param>
    /// <param name="runningMean">[C]; updated in training.</param>
    /// <param name="runningVariance">[C]; updated in training.</param>
    /// <param name="options">Channels are axis 1.</param>
    /// <param name="lengths">
    /// int32 [N]: frames (axis 2) of each clip that are not padding. Only they enter the statistics; the result is 0 in windows that reach
    /// beyond them. Null: all.
    /// </param>
    /// <returns>[N, C, ⌊H/window⌋, ⌊W/window⌋].</returns>
    public static Tensor BatchNormPool2d(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance,
        BatchNormOptions options, PoolingOptions pooling, Tensor? lengths = null)
    {
        int window = pooling.Window;
        Expect.Pooling(x, window, window);
        Expect.Probability(pooling.Dropout);
        if (options.Axis != 1) throw new ShapeException($"BatchNormPool2d: the axis must be 1, got {options.Axis}");
        Expect.BatchNorm(x, weight, bias, runningMean, runningVariance, options, lengths);
        if (pooling is { Window: 1, Dropout: 0 }) return BatchNorm(x, weight, bias, runningMean, runningVariance, options, lengths);

        var y = Tensor.Empty(Pooled(x.Shape, window, window), x.Device, x.DType, x.Layout);
        var (mean, inverseDeviation) = (Tensor.EmptyLike(weight), Tensor.EmptyLike(weight));
        x.Backend.BatchNormPool2d(x, weight, bias, runningMean, runningVariance, lengths, options, pooling, y, mean, inverseDeviation);
        if (options.Training)
        {
            runningMean.Version++;
            runningVariance.Version++;
        }
        ReadOnlySpan<Tensor> saved = lengths is null ? [x, weight, bias, mean, inverseDeviation]
            : [x, weight, bias, mean, inverseDeviation, lengths];
        return Tape.Record(y, [x, weight, bias], saved, (options, pooling), static ctx =>
        {
            var (options, pooling) = ctx.State<(BatchNormOptions, PoolingOptions)>();
            var (x, weight, bias) = (ctx.Saved[0], ctx.Saved[1], ctx.Saved[2]);
            var dx = Tensor.EmptyLike(x);
            var (dWeight, dBias) = (Tensor.EmptyLike(weight), Tensor.EmptyLike(bias));
            x.Backend.BatchNormPool2dBackward(ctx.OutputGradient, x, weight, bias, ctx.Saved[3], ctx.Saved[4],
                ctx.Saved.Length > 5 ? ctx.Saved[5] : null, options, pooling, dx, dWeight, dBias);
            return [dx, dWeight, dBias];
        });
    }
}

internal partial interface IBackend
{
    /// <summary>Also writes the mean and 1/√(σ² + ε) that were used, and updates the running statistics in training.</summary>
    void BatchNormPool2d(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, PoolingOptions pooling, Tensor y, Tensor mean, Tensor inverseDeviation);

    void BatchNormPool2dBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, PoolingOptions pooling, Tensor dx, Tensor dWeight, Tensor dBias);
}
