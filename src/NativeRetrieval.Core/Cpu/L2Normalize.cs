using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void L2Normalize(Tensor x, double epsilon, Tensor y)
    {
        if (x.DType == DType.Float32) L2Normalize<float>(x, epsilon, y);
        else L2Normalize<double>(x, epsilon, y);
    }

    static void L2Normalize<T>(Tensor x, double epsilon, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        RowSlices.Run(RowsOf(x), x.Shape[^1], (x, epsilon, y), static (s, first, end) =>
        {
            int width = s.x.Shape[^1];
            T floor = T.CreateTruncating(s.epsilon);
            T* source = s.x.Pointer<T>(), target = s.y.Pointer<T>();
            for (long row = first; row < end; row++)
            {
                T norm = T.Max(T.Sqrt(RowMath.Dot(source + row * width, source + row * width, width)), floor);
                RowMath.Scale(source + row * width, T.One / norm, target + row * width, width);
            }
        });
    }

    public void L2NormalizeBackward(Tensor dy, Tensor x, double epsilon, Tensor dx)
    {
        if (x.DType == DType.Float32) L2NormalizeBackward<float>(dy, x, epsilon, dx);
        else L2NormalizeBackward<double>(dy, x, epsilon, dx);
    }

    static void L2NormalizeBackward<T>(Tensor dy, Tensor x, double epsilon, Tensor dx)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        RowSlices.Run(RowsOf(x), x.Shape[^1], (dy, x, epsilon, dx), static (s, first, end) =>
        {
            int width = s.x.Shape[^1];
            T floor = T.CreateTruncating(s.epsilon);
            T* source = s.x.Pointer<T>(), upstream = s.dy.Pointer<T>(), target = s.dx.Pointer<T>();
            for (long row = first; row < end; row++)
            {
                T* from = source + row * width, gradient = upstream + row * width, to = target + row * width;
                T norm = T.Sqrt(RowMath.Dot(from, from, width)), inverse = T.One / T.Max(norm, floor);
                // Under the floor y = x/ε, which is linear in x: nothing is projected out.
                T along = norm > floor ? RowMath.Dot(gradient, from, width) * inverse * inverse : T.Zero;
                for (int i = 0; i < width; i++) to[i] = (gradient[i] - from[i] * along) * inverse;
            }
        });
    }
}
