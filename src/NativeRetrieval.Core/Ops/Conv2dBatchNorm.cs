using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// <see cref="Conv2d"/> of one input channel, then <see cref="BatchNorm"/>: the first layer of a convolutional encoder. A device may
    /// leave out the convolution's own result, which is linear in the few pixels under a kernel, and compute it again where it is needed.
    /// </summary>
    /// <param name="x">[N, 1, H, W], float32 or float64, contiguous.</param>
    /// <param name="kernels">[O, 1, k, k], k = 5 or 3, in the device's layout of filters.</param>
    /// <param name="weight">γ, [O].</param>
    /// <param name="bias">β, [O].</param>
    /// <param name="runningMean">[O]; updated in training.</param>
    /// <param name="runningVariance">[O]; updated in training.</param>
    /// <param name="options">Channels are axis 1.</param>
    /// <param name="lengths">
    /// int32 [N]: frames (axis 2) of each clip that are not padding. Only they enter the statistics, and the result is 0 in all others; the
    /// convolution sees x as it is. Null: all.
    /// </param>
    /// <param name="dtype">Type of the result: that of x (null), or bfloat16 on a device that computes in it.</param>
    /// <returns>[N, O, H, W], in the device's layout of feature maps; float64 is contiguous.</returns>
    public static Tensor Conv2dBatchNorm(Tensor x, Tensor kernels, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance,
        BatchNormOptions options, Tensor? lengths = null, DType? dtype = null)
    {
        Expect.Real(x);
        Expect.Contiguous(x);
        Shape.ExpectRank(x, 4, "[N, 1, H, W]");
        Shape.Expect(x, [x.Shape[0], 1, x.Shape[2], x.Shape[3]], "a first convolution takes one channel");
        Expect.Kernel(kernels);
        Expect.Alike(kernels, x);
        Shape.Expect(kernels, [kernels.Shape[0], 1, kernels.Shape[2], kernels.Shape[3]], "kernels [O, 1, k, k] take the channel of x");
        if (kernels.Shape[2] == 1) throw new ShapeException($"Conv2dBatchNorm: kernels must be 3x3 or 5x5, got {kernels.Shape}");
        if (options.Axis != 1) throw new ShapeException($"Conv2dBatchNorm: the axis must be 1, got {options.Axis}");
        Shape perChannel = [kernels.Shape[0]];
        Shape.Expect(weight, perChannel, "one value per output channel");
        Shape.Expect(bias, perChannel, "one value per output channel");
        Shape.Expect(runningMean, perChannel, "one value per output channel");
        Shape.Expect(runningVariance, perChannel, "one value per output channel");
        Expect.Alike(weight, x);
        Expect.Alike(bias, x);
        Expect.Alike(runningMean, x);
        Expect.Alike(runningVariance, x);
        if (lengths is not null) Expect.Lengths(lengths, x.Shape[0], x);
        var stored = Expect.Stored(dtype, x);

        var y = Tensor.Empty([x.Shape[0], kernels.Shape[0], x.Shape[2], x.Shape[3]], x.Device, stored,
            x.DType == DType.Float64 ? Layout.Contiguous : x.Device.FeatureMaps);
        var (mean, inverseDeviation) = (Tensor.EmptyLike(weight), Tensor.EmptyLike(weight));
        using var kept = x.Backend.Conv2dBatchNorm(x, kernels, weight, bias, runningMean, runningVariance, lengths, options, y, mean,
            inverseDeviation);
        if (options.Training)
        {
            runningMean.Version++;
            runningVariance.Version++;
        }
        ReadOnlySpan<Tensor> saved = lengths is null ? [x, kernels, weight, bias, mean, inverseDeviation, kept]
            : [x, kernels, weight, bias, mean, inverseDeviation, kept, lengths];
        return Tape.Record(y, [x, kernels, weight, bias], saved, options, static ctx =>
        {
            var saved = ctx.Saved;
            var (x, kernels, weight, bias) = (saved[0], saved[1], saved[2], saved[3]);
            var dx = ctx.Wants(0) ? Tensor.EmptyLike(x) : null;
            var dKernels = ctx.Wants(1) ? Tensor.EmptyLike(kernels) : null;
            var (dWeight, dBias) = (Tensor.EmptyLike(weight), Tensor.EmptyLike(bias));
            x.Backend.Conv2dBatchNormBackward(ctx.OutputGradient, x, kernels, weight, bias, saved[4], saved[5], saved[6],
                saved.Length > 7 ? saved[7] : null, ctx.State<BatchNormOptions>(), dx, dKernels, dWeight, dBias);
            return [dx, dKernels, dWeight, dBias];
        });
    }
}

internal partial interface IBackend
{
    /// <summary>Also writes the mean and 1/√(σ² + ε) that were used, and updates the running statistics in training.</summary>
    /// <returns>A tensor that the backward pass reads again, which is the backend's own affair.</returns>
    Tensor Conv2dBatchNorm(Tensor x, Tensor kernels, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance,
        Tensor? lengths, BatchNormOptions options, Tensor y, Tensor mean, Tensor inverseDeviation);

    void Conv2dBatchNormBackward(Tensor dy, Tensor x, Tensor kernels, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor kept, Tensor? lengths, BatchNormOptions options, Tensor? dx, Tensor? dKernels, Tensor dWeight, Tensor dBias);
}
