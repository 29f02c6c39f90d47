using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void LayerNorm(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        if (x.DType == DType.Float32) LayerNorm<float>(x, gain, bias, epsilon, y, mean, inverseDeviation);
        else LayerNorm<double>(x, gain, bias, epsilon, y, mean, inverseDeviation);
    }

    static void LayerNorm<T>(Tensor x, Tensor gain, Tensor bias, double epsilon, Tensor y, Tensor mean, Tensor inverseDeviation)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        RowSlices.Run(RowsOf(x), x.Shape[^1], (x, gain, bias, epsilon, y, mean, inverseDeviation), static (s, first, end) =>
        {
            int width = s.x.Shape[^1];
            T* source = s.x.Pointer<T>(), target = s.y.Pointer<T>(), gains = s.gain.Pointer<T>(), offsets = s.bias.Pointer<T>();
            T* means = s.mean.Pointer<T>(), inverses = s.inverseDeviation.Pointer<T>();
            T floor = T.CreateTruncating(s.epsilon);
            for (long row = first; row < end; row++)
            {
                T* from = source + row * width;
                (means[row], inverses[row]) = RowStatistics(from, floor, width);
                NormalizeRow(from, means[row], inverses[row], gains, offsets, target + row * width, width);
            }
        });
    }

    /// <summary>μ and 1/√(σ² + ε). Deviations are squared after the mean is known: E[x²] − μ² would lose digits.</summary>
    static (T Mean, T Inverse) RowStatistics<T>(T* x, T epsilon, int width) where T : unmanaged, IFloatingPointIeee754<T>
    {
        T count = T.CreateTruncating(width), mean = RowMath.Sum(x, width) / count;
        return (mean, T.One / T.Sqrt(RowMath.SumOfSquaredDeviations(x, mean, width) / count + epsilon));
    }

    static void NormalizeRow<T>(T* x, T mean, T inverseDeviation, T* gain, T* bias, T* y, int width)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var (means, inverses) = (new Vector<T>(mean), new Vector<T>(inverseDeviation));
        int i = 0;
        for (; i <= width - Vector<T>.Count; i += Vector<T>.Count)
            Vector.Store((Vector.Load(x + i) - means) * inverses * Vector.Load(gain + i) + Vector.Load(bias + i), y + i);
        for (; i < width; i++) y[i] = (x[i] - mean) * inverseDeviation * gain[i] + bias[i];
    }

    public void LayerNormBackward(Tensor dy, Tensor x, Tensor gain, Tensor mean, Tensor inverseDeviation, Tensor dx, Tensor dGain,
        Tensor dBias)
    {
        if (x.DType == DType.Float32) LayerNormBackward<float>(dy, x, gain, mean, inverseDeviation, dx, dGain, dBias);
        else LayerNormBackward<double>(dy, x, gain, mean, inverseDeviation, dx, dGain, dBias);
    }

    static void LayerNormBackward<T>(Tensor dy, Tensor x, Tensor gain, Tensor mean, Tensor inverseDeviation, Tensor dx, Tensor dGain,
        Tensor dBias)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        RowSlices.Run(RowsOf(x), x.Shape[^1], (dy, x, gain, mean, inverseDeviation, dx), static (s, first, end) =>
        {
            int width = s.x.Shape[^1];
            T* source = s.x.Pointer<T>(), upstream = s.dy.Pointer<T>(), target = s.dx.Pointer<T>(), gains = s.gain.Pointer<T>();
            T* means = s.mean.Pointer<T>(), inverses = s.inverseDeviation.Pointer<T>();
            for (long row = first; row < end; row++)
                NormalizeRowBackward(upstream + row * width, source + row * width, gains, means[row], inverses[row],
                    target + row * width, width);
        });
        RowSlices.RunColumns(x.Shape[^1], (dy, x, mean, inverseDeviation, dGain, dBias), static (s, first, end) =>
        {
            int width = s.x.Shape[^1], rows = RowsOf(s.x);
            T* source = s.x.Pointer<T>(), upstream = s.dy.Pointer<T>();
            T* means = s.mean.Pointer<T>(), inverses = s.inverseDeviation.Pointer<T>();
            T* gainSums = s.dGain.Pointer<T>(), biasSums = s.dBias.Pointer<T>();
            new Span<T>(gainSums + first, end - first).Clear();
            new Span<T>(biasSums + first, end - first).Clear();
            for (long row = 0; row < rows; row++)
            {
                T* gradient = upstream + row * width + first;
                AddNormalized(gradient, source + row * width + first, means[row], inverses[row], gainSums + first, end - first);
                RowMath.Add(gradient, biasSums + first, end - first);
            }
        });
    }

    static void NormalizeRowBackward<T>(T* dy, T* x, T* gain, T mean, T inverseDeviation, T* dx, int width)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var (means, inverses) = (new Vector<T>(mean), new Vector<T>(inverseDeviation));
        var (sums, dots) = (Vector<T>.Zero, Vector<T>.Zero);
        int i = 0;
        for (; i <= width - Vector<T>.Count; i += Vector<T>.Count)
        {
            var scaled = Vector.Load(dy + i) * Vector.Load(gain + i);
            sums += scaled;
            dots += scaled * ((Vector.Load(x + i) - means) * inverses);
        }
        var (sum, dot) = (Vector.Sum(sums), Vector.Sum(dots));
        for (; i < width; i++)
        {
            sum += dy[i] * gain[i];
            dot += dy[i] * gain[i] * ((x[i] - mean) * inverseDeviation);
        }

        T meanSum = sum / T.CreateTruncating(width), meanDot = dot / T.CreateTruncating(width);
        var (meanSums, meanDots) = (new Vector<T>(meanSum), new Vector<T>(meanDot));
        for (i = 0; i <= width - Vector<T>.Count; i += Vector<T>.Count)
        {
            var normalized = (Vector.Load(x + i) - means) * inverses;
            Vector.Store(inverses * (Vector.Load(dy + i) * Vector.Load(gain + i) - meanSums - normalized * meanDots), dx + i);
        }
        for (; i < width; i++)
            dx[i] = inverseDeviation * (dy[i] * gain[i] - meanSum - (x[i] - mean) * inverseDeviation * meanDot);
    }

    /// <summary>sums += dy·(x − μ)·s.</summary>
    static void AddNormalized<T>(T* dy, T* x, T mean, T inverseDeviation, T* sums, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var (means, inverses) = (new Vector<T>(mean), new Vector<T>(inverseDeviation));
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
            Vector.Store(Vector.Load(sums + i) + Vector.Load(dy + i) * ((Vector.Load(x + i) - means) * inverses), sums + i);
        for (; i < count; i++) sums[i] += dy[i] * ((x[i] - mean) * inverseDeviation);
    }
}
