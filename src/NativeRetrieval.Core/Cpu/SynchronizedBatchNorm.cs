using NativeRetrieval.Core.Cpu.FeatureMaps;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void SynchronizedBatchNormSums(Tensor x, Tensor? lengths, BatchNormOptions options, Tensor sums)
    {
        using var moments = OfBatch(x, new FrameMap(x, lengths, options.Axis));
        var values = sums.Span<double>();
        for (int c = 0; c < moments.Length; c++)
        {
            values[c] = moments[c].Count * moments[c].Mean;
            values[moments.Length + c] = moments[c].Deviations + moments[c].Count * moments[c].Mean * moments[c].Mean;
        }
        values[^1] = moments.Length > 0 ? moments[0].Count : 0;
    }

    public void SynchronizedBatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, Tensor? lengths,
        BatchNormOptions options, Tensor sums, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        var values = sums.Span<double>();
        using var moments = new PooledArray<Moments>(values.Length / 2);
        double count = values[^1];
        for (int c = 0; c < moments.Length && count > 0; c++)
        {
            double mu = values[c] / count;
            moments[c] = new(count, mu, Math.Max(0, values[moments.Length + c] - count * mu * mu));
        }
        Statistics(moments, runningMean, runningVariance, options, mean, inverseDeviation);
        Normalise(x, weight, bias, mean, inverseDeviation, new FrameMap(x, lengths, options.Axis), options, y);
    }

    public void SynchronizedBatchNormGradientSums(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, Tensor sums)
    {
        var map = new FrameMap(x, lengths, options.Axis);
        using var own = x.Layout == Layout.NCHW16c
            ? BatchNormBlocked.Sums(dy, x, weight, bias, mean, inverseDeviation, map, options.Relu, window: 1)
            : x.DType == DType.Float32
                ? BatchNormPlain<float>.Sums(dy, x, weight, bias, mean, inverseDeviation, map, options.Relu)
                : BatchNormPlain<double>.Sums(dy, x, weight, bias, mean, inverseDeviation, map, options.Relu);
        own.CopyTo(sums);
    }

    public void SynchronizedBatchNormBackward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation,
        Tensor? lengths, BatchNormOptions options, Tensor own, Tensor all, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        using GradientSums ownSums = GradientSums.From(own), sums = GradientSums.From(all);
        ownSums.ToParameters(dWeight, dBias, inverseDeviation);
        var map = new FrameMap(x, lengths, options.Axis);
        if (x.Layout == Layout.NCHW16c)
            BatchNormBlocked.InputGradient(dy, x, weight, bias, mean, inverseDeviation, map, options, window: 1, sums, dx);
        else if (x.DType == DType.Float32)
            BatchNormPlain<float>.InputGradient(dy, x, weight, bias, mean, inverseDeviation, map, options, sums, dx);
        else
            BatchNormPlain<double>.InputGradient(dy, x, weight, bias, mean, inverseDeviation, map, options, sums, dx);
    }
}
