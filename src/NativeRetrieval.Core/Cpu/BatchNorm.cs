using System.Numerics;
using NativeRetrieval.Core.Cpu.FeatureMaps;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void BatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        var map = new FrameMap(x, lengths, options.Axis);
        Statistics(x, runningMean, runningVariance, map, options, mean, inverseDeviation);
        Normalise(x, weight, bias, mean, inverseDeviation, map, options, y);
    }

    static void Normalise(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map,
        BatchNormOptions options, Tensor y)
    {
        if (x.Layout == Layout.NCHW16c) BatchNormBlocked.Apply(x, weight, bias, mean, inverseDeviation, map, options.Relu, y);
        else if (x.DType == DType.Float32)
            BatchNormPlain<float>.Apply(x, weight, bias, mean, inverseDeviation, map, options.Relu, y);
        else BatchNormPlain<double>.Apply(x, weight, bias, mean, inverseDeviation, map, options.Relu, y);
    }

    /// <summary>Mean and 1/√(σ² + ε): the batch's, which move the running ones, or those.</summary>
    static void Statistics(Tensor x, Tensor runningMean, Tensor runningVariance, FrameMap map, BatchNormOptions options, Tensor mean,
        Tensor inverseDeviation)
    {
        using var ofBatch = options.Training ? OfBatch(x, map) : default;
        Statistics(ofBatch, runningMean, runningVariance, options, mean, inverseDeviation);
    }

    /// <returns>The moments of each channel; the caller disposes them.</returns>
    static PooledArray<Moments> OfBatch(Tensor x, FrameMap map) =>
        x.Layout == Layout.NCHW16c ? BatchNormBlocked.Statistics(x.Span<float>(), map)
        : x.DType == DType.Float32 ? BatchNormPlain<float>.Statistics(x, map)
        : BatchNormPlain<double>.Statistics(x, map);

    /// <param name="statistics">Of each channel; not read in evaluation.</param>
    static void Statistics(PooledArray<Moments> statistics, Tensor runningMean, Tensor runningVariance, BatchNormOptions options,
        Tensor mean, Tensor inverseDeviation)
    {
        if (mean.DType == DType.Float32) Run<float>();
        else Run<double>();

        void Run<T>() where T : unmanaged, IFloatingPointIeee754<T>
        {
            var running = runningMean.Span<T>();
            var variance = runningVariance.Span<T>();
            for (int c = 0; c < running.Length; c++)
            {
                double mu = double.CreateTruncating(running[c]), sigma2 = double.CreateTruncating(variance[c]);
                // A batch without a single real frame has no statistics: it leaves the running ones as they are.
                if (options.Training && statistics[c].Count > 0)
                {
                    mu = statistics[c].Mean;
                    sigma2 = statistics[c].Variance;
                    running[c] = Towards(running[c], mu);
                    variance[c] = Towards(variance[c], statistics[c].UnbiasedVariance);
                }
                mean.Span<T>()[c] = T.CreateTruncating(mu);
                inverseDeviation.Span<T>()[c] = T.CreateTruncating(1 / Math.Sqrt(sigma2 + options.Epsilon));
            }

            T Towards(T old, double batch) =>
                T.CreateTruncating((1 - options.Momentum) * double.CreateTruncating(old) + options.Momentum * batch);
        }
    }

    public void BatchNormBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, Tensor? lengths,
        BatchNormOptions options, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        var map = new FrameMap(x, lengths, options.Axis);
        if (x.Layout == Layout.NCHW16c)
            BatchNormBlocked.Backward(dy, x, weight, bias, mean, inverseDeviation, map, options, window: 1, dx, dWeight, dBias);
        else if (x.DType == DType.Float32)
            BatchNormPlain<float>.Backward(dy, x, weight, bias, mean, inverseDeviation, map, options, dx, dWeight, dBias);
        else
            BatchNormPlain<double>.Backward(dy, x, weight, bias, mean, inverseDeviation, map, options, dx, dWeight, dBias);
    }
}
