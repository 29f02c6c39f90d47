using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// <see cref="BatchNorm"/> in training whose statistics are those of all ranks' maps together, as if these lay in one batch: forward
    /// Σ x, Σ x² and their number, backward Σ dz, Σ dz·(x − μ) and their number are added over the ranks in float64. The running
    /// statistics take the same step on every rank. dγ and dβ are those of the rank's own maps: gradients of parameters are added later.
    /// </summary>
    /// <param name="x">
    /// [N, C, H, W], float32, float64 or bfloat16; channels may be blocked where <see cref="BatchNormOptions.Axis"/> is 1. Ranks may
    /// differ in N, H and W.
    /// </param>
    /// <param name="weight">γ, [C], the same on every rank.</param>
    /// <param name="bias">β, [C], the same on every rank.</param>
    /// <param name="runningMean">[C]; updated.</param>
    /// <param name="runningVariance">[C]; updated.</param>
    /// <param name="options">Options in training.</param>
    /// <param name="group">All ranks, which call this operation and its backward rule in the same order.</param>
    /// <param name="lengths">
    /// int32 [N]: frames (axis 2) of each clip that are not padding. Only they enter the statistics, and y is 0 in all others. Null: all.
    /// </param>
    /// <exception cref="Errors.ShapeException">Shapes do not fit, or the options are not those of training.</exception>
    /// <exception cref="Errors.DistributedException">A rank failed.</exception>
    public static Tensor SynchronizedBatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance,
        BatchNormOptions options, IProcessGroup group, Tensor? lengths = null)
    {
        Expect.Activation(x);
        Shape.ExpectRank(x, 4, "[N, C, H, W]");
        Expect.BatchNorm(x, weight, bias, runningMean, runningVariance, options, lengths);
        if (!options.Training)
            throw new Errors.ShapeException("SynchronizedBatchNorm: ranks share the statistics of a batch, which evaluation has none of; "
                + "the options must be those of training");

        var y = Tensor.EmptyLike(x);
        var (mean, inverseDeviation) = (Tensor.EmptyLike(weight), Tensor.EmptyLike(weight));
        using (var sums = Sums(weight))
        {
            x.Backend.SynchronizedBatchNormSums(x, lengths, options, sums);
            group.AllReduce(sums).Wait();
            x.Backend.SynchronizedBatchNorm(x, weight, bias, runningMean, runningVariance, lengths, options, sums, y, mean,
                inverseDeviation);
        }
        runningMean.Version++;
        runningVariance.Version++;
        Tensor[] saved = lengths is null ? [x, weight, bias, mean, inverseDeviation] : [x, weight, bias, mean, inverseDeviation, lengths];
        return Tape.Record(y, [x, weight, bias], saved, (options, group), static ctx =>
        {
            var (options, group) = ctx.State<(BatchNormOptions, IProcessGroup)>();
            var (x, weight, bias, mean, inverseDeviation) = (ctx.Saved[0], ctx.Saved[1], ctx.Saved[2], ctx.Saved[3], ctx.Saved[4]);
            var lengths = ctx.Saved.Length > 5 ? ctx.Saved[5] : null;
            var dx = Tensor.EmptyLike(x);
            var (dWeight, dBias) = (Tensor.EmptyLike(weight), Tensor.EmptyLike(bias));
            using var own = Sums(weight);
            x.Backend.SynchronizedBatchNormGradientSums(ctx.OutputGradient, x, weight, bias, mean, inverseDeviation, lengths, options, own);
            using var all = own.Clone();
            group.AllReduce(all).Wait();
            x.Backend.SynchronizedBatchNormBackward(ctx.OutputGradient, x, weight, bias, mean, inverseDeviation, lengths, options, own, all,
                dx, dWeight, dBias);
            return [dx, dWeight, dBias];
        });

        static Tensor Sums(Tensor weight) => Tensor.Empty([2 * weight.Shape[0] + 1], weight.Device, DType.Float64);
    }
}

internal partial interface IBackend
{
    /// <param name="sums">float64 [2C + 1]: Σ x of each channel, Σ x² of each channel, and the number of their summands.</param>
    void SynchronizedBatchNormSums(Tensor x, Tensor? lengths, BatchNormOptions options, Tensor sums);

    /// <summary>Also writes the mean and 1/√(σ² + ε) that follow from the sums, and updates the running statistics.</summary>
    void SynchronizedBatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, Tensor sums, Tensor y, Tensor mean, Tensor inverseDeviation);

    /// <param name="sums">float64 [2C + 1]: Σ dz of each channel, Σ dz·(x − μ) of each channel, and the number of their summands.</param>
    void SynchronizedBatchNormGradientSums(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, Tensor sums);

    /// <param name="own">The rank's own sums, of which dγ and dβ are made.</param>
    /// <param name="all">The sums over all ranks, of which dx is made.</param>
    void SynchronizedBatchNormBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, Tensor own, Tensor all, Tensor dx, Tensor dWeight, Tensor dBias);
}
