using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void MeanOverTokens(Tensor x, Tensor lengths, Tensor y)
    {
        ExpectLengthsWithin(lengths, x.Shape[1], "MeanOverTokens");
        if (x.DType == DType.Float32) MeanOverTokens<float>(x, lengths, y);
        else MeanOverTokens<double>(x, lengths, y);
    }

    static void MeanOverTokens<T>(Tensor x, Tensor lengths, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        RowSlices.Run(x.Shape[0], x.Shape[1] * x.Shape[2], (x, lengths, y), static (state, first, end) =>
        {
            int width = state.x.Shape[2], tokens = state.x.Shape[1];
            T* source = state.x.Pointer<T>(), target = state.y.Pointer<T>();
            int* length = state.lengths.Pointer<int>();
            for (long b = first; b < end; b++)
            {
                T* mean = target + b * width;
                new Span<T>(mean, width).Clear();
                for (int s = 0; s < length[b]; s++) RowMath.Add(source + (b * tokens + s) * width, mean, width);
                RowMath.Scale(mean, T.One / T.CreateTruncating(Math.Max(1, length[b])), mean, width);
            }
        });
    }

    public void MeanOverTokensBackward(Tensor dy, Tensor lengths, Tensor dx)
    {
        if (dy.DType == DType.Float32) MeanOverTokensBackward<float>(dy, lengths, dx);
        else MeanOverTokensBackward<double>(dy, lengths, dx);
    }

    static void MeanOverTokensBackward<T>(Tensor dy, Tensor lengths, Tensor dx) where T : unmanaged, IFloatingPointIeee754<T>
    {
        RowSlices.Run(dx.Shape[0], dx.Shape[1] * dx.Shape[2], (dy, lengths, dx), static (state, first, end) =>
        {
            int width = state.dx.Shape[2], tokens = state.dx.Shape[1];
            T* upstream = state.dy.Pointer<T>(), target = state.dx.Pointer<T>();
            int* length = state.lengths.Pointer<int>();
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
