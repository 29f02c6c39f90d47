using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void Relu(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float32) Relu<float>(x, y);
        else Relu<double>(x, y);
    }

    static unsafe void Relu<T>(Tensor x, Tensor y) where T : unmanaged, INumber<T>
    {
        Slices.Run(x.StoredCount, (x, y), static (s, start, length) =>
        {
            T* from = s.x.Pointer<T>() + start, to = s.y.Pointer<T>() + start;
            int i = 0;
            for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
                Vector.Max(Vector.Load(from + i), Vector<T>.Zero).Store(to + i);
            for (; i < length; i++) to[i] = T.Max(from[i], T.Zero);
        });
    }

    public void ReluBackward(Tensor dy, Tensor y, Tensor dx)
    {
        if (y.DType == DType.Float32) ReluBackward<float>(dy, y, dx);
        else ReluBackward<double>(dy, y, dx);
    }

    static unsafe void ReluBackward<T>(Tensor dy, Tensor y, Tensor dx) where T : unmanaged, INumber<T>
    {
        Slices.Run(y.StoredCount, (dy, y, dx), static (s, start, length) =>
        {
            T* g = s.dy.Pointer<T>() + start, v = s.y.Pointer<T>() + start, to = s.dx.Pointer<T>() + start;
            int i = 0;
            for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
                Vector.ConditionalSelect(Vector.GreaterThan(Vector.Load(v + i), Vector<T>.Zero), Vector.Load(g + i), Vector<T>.Zero)
                    .Store(to + i);
            for (; i < length; i++) to[i] = v[i] > T.Zero ? g[i] : T.Zero;
        });
    }
}
