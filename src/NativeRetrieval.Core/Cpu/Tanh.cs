using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void Tanh(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float32) Run<float>(x, y);
        else Run<double>(x, y);

        static unsafe void Run<T>(Tensor x, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
        {
            T* source = x.Pointer<T>(), target = y.Pointer<T>();
            Slices.Run(x.Count, (start, length) =>
            {
                for (long i = start; i < start + length; i++) target[i] = T.Tanh(source[i]);
            });
        }
    }

    public void TanhBackward(Tensor dy, Tensor y, Tensor dx)
    {
        if (y.DType == DType.Float32) Run<float>(dy, y, dx);
        else Run<double>(dy, y, dx);

        static unsafe void Run<T>(Tensor dy, Tensor y, Tensor dx) where T : unmanaged, IFloatingPointIeee754<T>
        {
            T* gradient = dy.Pointer<T>(), value = y.Pointer<T>(), target = dx.Pointer<T>();
            Slices.Run(y.Count, (start, length) =>
            {
                for (long i = start; i < start + length; i++) target[i] = gradient[i] * (T.One - value[i] * value[i]);
            });
        }
    }
}
