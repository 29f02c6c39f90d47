using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void AddLayerNorm(Tensor x, Tensor residual, Tensor gain, Tensor bias, double epsilon, double probability, Philox stream,
        Tensor? sum, Tensor y, Tensor mean, Tensor inverseDeviation)
    {
        if (x.DType == DType.Float32)
            AddLayerNorm<float>(x, residual, gain, bias, epsilon, probability, stream, sum, y, mean, inverseDeviation);
        else AddLayerNorm<double>(x, residual, gain, bias, epsilon, probability, stream, sum, y, mean, inverseDeviation);
    }

    static void AddLayerNorm<T>(Tensor x, Tensor residual, Tensor gain, Tensor bias, double epsilon, double probability, Philox stream,
        Tensor? sum, Tensor y, Tensor mean, Tensor inverseDeviation) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var state = (x, residual, gain, bias, epsilon, probability, stream, sum, y, mean, inverseDeviation);
        RowSlices.Run(RowsOf(x), x.Shape[^1], state, static (s, first, end) =>
        {
            int width = s.x.Shape[^1];
            T* source = s.x.Pointer<T>(), shortcut = s.residual.Pointer<T>(), target = s.y.Pointer<T>();
            T* gains = s.gain.Pointer<T>(), offsets = s.bias.Pointer<T>();
            T* sums = (s.sum ?? s.y).Pointer<T>(), means = s.mean.Pointer<T>(), inverses = s.inverseDeviation.Pointer<T>();
            T floor = T.CreateTruncating(s.epsilon);
            for (long row = first; row < end; row++)
            {
                T* added = sums + row * width;
                DropRow(source + row * width, row * width, s.probability, s.stream, added, width);
                RowMath.Add(shortcut + row * width, added, width);
                (means[row], inverses[row]) = RowStatistics(added, floor, width);
                NormalizeRow(added, means[row], inverses[row], gains, offsets, target + row * width, width);
            }
        });
    }

    public void AddLayerNormBackward(Tensor dy, Tensor sum, Tensor gain, Tensor mean, Tensor inverseDeviation, double probability,
        Philox stream, Tensor dx, Tensor dSum, Tensor dGain, Tensor dBias)
    {
        LayerNormBackward(dy, sum, gain, mean, inverseDeviation, dSum, dGain, dBias);
        if (probability == 0) return;
        Shape matrix = [RowsOf(dSum), dSum.Shape[^1]]; // four axes would be a feature map, numbered otherwise
        Dropout(dSum.Reshape(matrix), probability, stream, dx.Reshape(matrix));
    }

    /// <summary>y = dropout(x); element i uses number first + i.</summary>
    static void DropRow<T>(T* x, long first, double probability, Philox stream, T* y, int count) where T : unmanaged, INumber<T>
    {
        if (probability == 0)
        {
            new Span<T>(x, count).CopyTo(new Span<T>(y, count));
            return;
        }
        uint threshold = (uint)Math.Round(probability * (1 << 24));
        T scale = T.CreateTruncating(1 / (1 - probability));
        Span<uint> numbers = stackalloc uint[DropoutChunk];
        for (int i = 0; i < count; i += DropoutChunk)
        {
            var chunk = numbers[..Math.Min(DropoutChunk, count - i)];
            stream.Fill(chunk, (ulong)(first + i));
            Keep(x + i, chunk, threshold, scale, y + i);
        }
    }
}
