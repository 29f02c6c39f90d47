using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void AddRelu(Tensor a, Tensor b, Tensor y)
    {
        if (a.DType == DType.Float32) AddRelu<float>(a, b, y);
        else AddRelu<double>(a, b, y);
    }

    static unsafe void AddRelu<T>(Tensor a, Tensor b, Tensor y) where T : unmanaged, INumber<T>
    {
        Slices.Run(a.StoredCount, (a, b, y), static (s, start, length) =>
        {
            T* l = s.a.Pointer<T>() + start, r = s.b.Pointer<T>() + start, to = s.y.Pointer<T>() + start;
            int i = 0;
            for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
                Vector.Max(Vector.Load(l + i) + Vector.Load(r + i), Vector<T>.Zero).Store(to + i);
            for (; i < length; i++) to[i] = T.Max(l[i] + r[i], T.Zero);
        });
    }
}
