using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.FeatureMaps;

/// <summary>Batch normalisation of row-major feature maps: the reference, one channel at a time, sums in float64.</summary>
internal static unsafe class BatchNormPlain<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    /// <returns>The moments of each channel; the caller disposes them.</returns>
    public static PooledArray<Moments> Statistics(Tensor x, FrameMap map)
    {
        var moments = new PooledArray<Moments>(map.Channels);
        T* data = x.Pointer<T>();
        Workers.Run(map.Channels, c =>
        {
            double sum = 0, squares = 0;
            foreach (var (row, count, real) in map.Runs(c))
                for (int i = 0; real && i < count; i++) sum += double.CreateTruncating(data[row + i]);
            double mean = map.RealPixels == 0 ? 0 : sum / map.RealPixels;
            foreach (var (row, count, real) in map.Runs(c))
                for (int i = 0; real && i < count; i++)
                {
                    double distance = double.CreateTruncating(data[row + i]) - mean;
                    squares += distance * distance;
                }
            moments[c] = new(map.RealPixels, mean, squares);
        });
        return moments;
    }

    public static void Apply(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map, bool relu, Tensor y)
    {
        Workers.Run(map.Channels, (x, weight, bias, mean, inverseDeviation, map, relu, y), static (s, c) =>
        {
            T* source = s.x.Pointer<T>(), target = s.y.Pointer<T>();
            T* gamma = s.weight.Pointer<T>(), beta = s.bias.Pointer<T>(), mu = s.mean.Pointer<T>();
            T* inverse = s.inverseDeviation.Pointer<T>();
            T scale = gamma[c] * inverse[c], shift = beta[c] - mu[c] * scale;
            foreach (var (row, count, real) in s.map.Runs(c))
                for (int i = 0; i < count; i++)
                {
                    T value = real ? source[row + i] * scale + shift : T.Zero;
                    target[row + i] = s.relu ? T.Max(value, T.Zero) : value;
                }
        });
    }

    public static void Backward(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map,
        BatchNormOptions options, Tensor dx, Tensor dWeight, Tensor dBias)
    {
        using var sums = Sums(dy, x, weight, bias, mean, inverseDeviation, map, options.Relu);
        sums.ToParameters(dWeight, dBias, inverseDeviation);
        InputGradient(dy, x, weight, bias, mean, inverseDeviation, map, options, sums, dx);
    }

    /// <summary>Σ dz and Σ dz·(x − μ) of each channel.</summary>
    public static GradientSums Sums(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map,
        bool relu)
    {
        T* gradient = dy.Pointer<T>(), source = x.Pointer<T>();
        T* gamma = weight.Pointer<T>(), beta = bias.Pointer<T>(), mu = mean.Pointer<T>(), inverse = inverseDeviation.Pointer<T>();
        var sums = new GradientSums(map.Channels, map.RealPixels);
        Workers.Run(map.Channels, c =>
        {
            T scale = gamma[c] * inverse[c], shift = beta[c] - mu[c] * scale;
            double sum = 0, along = 0;
            foreach (var (row, count, real) in map.Runs(c))
                for (int i = 0; real && i < count; i++)
                {
                    double dz = double.CreateTruncating(Through(gradient, source, row + i, relu, scale, shift));
                    sum += dz;
                    along += dz * double.CreateTruncating(source[row + i] - mu[c]);
                }
            (sums.Sum[c], sums.Along[c]) = (sum, along);
        });
        return sums;
    }

    /// <param name="sums">Those of the whole batch, of which these maps may be a part.</param>
    public static void InputGradient(Tensor dy, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor inverseDeviation, FrameMap map,
        BatchNormOptions options, GradientSums sums, Tensor dx)
    {
        T* gradient = dy.Pointer<T>(), source = x.Pointer<T>(), target = dx.Pointer<T>();
        T* gamma = weight.Pointer<T>(), beta = bias.Pointer<T>(), mu = mean.Pointer<T>(), inverse = inverseDeviation.Pointer<T>();
        // With running statistics the mean and the variance do not depend on x.
        double pixels = options.Training && sums.Pixels > 0 ? sums.Pixels : double.PositiveInfinity;
        Workers.Run(map.Channels, c =>
        {
            T scale = gamma[c] * inverse[c], shift = beta[c] - mu[c] * scale;
            T meanGradient = T.CreateTruncating(sums.Sum[c] / pixels);
            T meanAlong = T.CreateTruncating(sums.Along[c] * double.CreateTruncating(inverse[c]) / pixels);
            foreach (var (row, count, real) in map.Runs(c))
                for (int i = 0; i < count; i++)
                    target[row + i] = real
                        ? scale * (Through(gradient, source, row + i, options.Relu, scale, shift) - meanGradient
                            - (source[row + i] - mu[c]) * inverse[c] * meanAlong)
                        : T.Zero;
        });
    }

    /// <summary>The gradient behind the rectifier: 0 where the normalised value was not above 0.</summary>
    static T Through(T* gradient, T* source, long i, bool relu, T scale, T shift) =>
        relu && source[i] * scale + shift <= T.Zero ? T.Zero : gradient[i];
}
