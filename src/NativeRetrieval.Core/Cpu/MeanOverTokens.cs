using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void MeanOverTokens(Tensor x, Tensor lengths, Tensor y)
    {
        ExpectLengthsWithin(lengths, x.Shape[1], "MeanOverTokens");
        if (x.DType == DType.Float32) Run<float>(x, lengths, y);
        else Run<double>(x, lengths, y);

        static void Run<T>(Tensor x, Tensor lengths, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
        {
            int width = x.Shape[2], tokens = x.Shape[1];
            T* source = x.Pointer<T>(), target = y.Pointer<T>();
            int* length = lengths.Pointer<int>();
            RowSlices.Run(x.Shape[0], tokens * width, (first, end) =>
            {
                for (long b = first; b < end; b++)
                {
                    T* mean = target + b * width;
                    new Span<T>(mean, width).Clear();
                    for (int s = 0; s < length[b]; s++) RowMath.Add(source + (b * tokens + s) * width, mean, width);
                    RowMath.Scale(mean, T.One / T.CreateTruncating(Math.Max(1, length[b])), mean, width);
                }
            });
        }
    }

    public void MeanOverTokensBackward(Tensor dy, Tensor lengths, Tensor dx)
    {
        if (dy.DType == DType.Float32) Run<float>(dy, lengths, dx);
        else Run<double>(dy, lengths, dx);

        static void Run<T>(Tensor dy, Tensor lengths, Tensor dx) where T : unmanaged, IFloatingPointIeee754<T>
        {
            int width = dx.Shape[2], tokens = dx.Shape[1];
            T* upstream = dy.Pointer<T>(), target = dx.Pointer<T>();
            int* length = lengths.Pointer<int>();
            RowSlices.Run(dx.Shape[0], tokens * width, (first, end) =>
            {
                for (long b = first; b < end; b++)
                {
                    for (int s = 0; s < length[b]; s++)
                        RowMath.Scale(upstream + b * width, T.One / T.CreateTruncating(length[b]), target + (b * tokens + s) * width,
                            width);
                    new Span<T>(target + (b * tokens + length[b]) * width, (tokens - length[b]) * width).Clear();
                }
            });
        }
    }
}
