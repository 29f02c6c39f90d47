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
        if (x.DType == DType.Float32) Run<float>(x, residual, gain, bias, epsilon, probability, stream, sum, y, mean, inverseDeviation);
        else Run<double>(x, residual, gain, bias, epsilon, probability, stream, sum, y, mean, inverseDeviation);

        static void Run<T>(Tensor x, Tensor residual, Tensor gain, Tensor bias, double epsilon, double probability, Philox stream,
            Tensor? sum, Tensor y, Tensor mean, Tensor inverseDeviation) where T : unmanaged, IFloatingPointIeee754<T>
        {
            int width = x.Shape[^1];
            T* source = x.Pointer<T>(), shortcut = residual.Pointer<T>(), target = y.Pointer<T>();
            T* gains = gain.Pointer<T>(), offsets = bias.Pointer<T>();
            T* sums = sum is null ? target : sum.Pointer<T>(), means = mean.Pointer<T>(), inverses = inverseDeviation.Pointer<T>();
            T floor = T.CreateTruncating(epsilon);
            RowSlices.Run(RowsOf(x), width, (first, end) =>
            {
                for (long row = first; row < end; row++)
                {
                    T* s = sums + row * width;
                    DropRow(source + row * width, row * width, probability, stream, s, width);
                    RowMath.Add(shortcut + row * width, s, width);
                    (means[row], inverses[row]) = RowStatistics(s, floor, width);
                    NormalizeRow(s, means[row], inverses[row], gains, offsets, target + row * width, width);
                }
            });
        }
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
