using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void Tanh(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float32) Tanh<float>(x, y);
        else Tanh<double>(x, y);
    }

    static unsafe void Tanh<T>(Tensor x, Tensor y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        Slices.Run(x.Count, (x, y), static (s, start, length) =>
        {
            T* source = s.x.Pointer<T>(), target = s.y.Pointer<T>();
            for (long i = start; i < start + length; i++) target[i] = T.Tanh(source[i]);
        });
    }

    public void TanhBackward(Tensor dy, Tensor y, Tensor dx)
    {
        if (y.DType == DType.Float32) TanhBackward<float>(dy, y, dx);
        else TanhBackward<double>(dy, y, dx);
    }

    static unsafe void TanhBackward<T>(Tensor dy, Tensor y, Tensor dx) where T : unmanaged, IFloatingPointIeee754<T>
    {
        Slices.Run(y.Count, (dy, y, dx), static (s, start, length) =>
        {
            T* gradient = s.dy.Pointer<T>(), value = s.y.Pointer<T>(), target = s.dx.Pointer<T>();
            for (long i = start; i < start + length; i++) target[i] = gradient[i] * (T.One - value[i] * value[i]);
        });
    }
}
