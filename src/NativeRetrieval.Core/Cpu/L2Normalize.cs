using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void L2Normalize(Tensor x, double epsilon, Tensor y)
    {
        if (x.DType == DType.Float32) Run<float>(x, epsilon, y);
        else Run<double>(x, epsilon, y);

        static void Run<T>(Tensor x, double epsilon, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
        {
            int width = x.Shape[^1];
            T floor = T.CreateTruncating(epsilon);
            T* source = x.Pointer<T>(), target = y.Pointer<T>();
            RowSlices.Run(RowsOf(x), width, (first, end) =>
            {
                for (long row = first; row < end; row++)
                {
                    T norm = T.Max(T.Sqrt(RowMath.Dot(source + row * width, source + row * width, width)), floor);
                    RowMath.Scale(source + row * width, T.One / norm, target + row * width, width);
                }
            });
        }
    }

    public void L2NormalizeBackward(Tensor dy, Tensor x, Tensor y, double epsilon, Tensor dx)
    {
        if (x.DType == DType.Float32) Run<float>(dy, x, y, epsilon, dx);
        else Run<double>(dy, x, y, epsilon, dx);

        static void Run<T>(Tensor dy, Tensor x, Tensor y, double epsilon, Tensor dx) where T : unmanaged, IFloatingPointIeee754<T>
        {
            int width = x.Shape[^1];
            T floor = T.CreateTruncating(epsilon);
            T* source = x.Pointer<T>(), value = y.Pointer<T>(), upstream = dy.Pointer<T>(), target = dx.Pointer<T>();
            RowSlices.Run(RowsOf(x), width, (first, end) =>
            {
                for (long row = first; row < end; row++)
                {
                    T* from = source + row * width, unit = value + row * width;
                    T* gradient = upstream + row * width, to = target + row * width;
                    T norm = T.Sqrt(RowMath.Dot(from, from, width));
                    // Under the floor y = x/ε, which is linear in x: nothing is projected out.
                    T along = norm > floor ? RowMath.Dot(gradient, unit, width) : T.Zero, inverse = T.One / T.Max(norm, floor);
                    for (int i = 0; i < width; i++) to[i] = (gradient[i] - unit[i] * along) * inverse;
                }
            });
        }
    }
}
