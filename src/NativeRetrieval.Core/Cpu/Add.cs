using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void Add(Tensor a, Tensor b, double scale, Tensor y)
    {
        if (a.DType == DType.Float32) Add<float>(a, b, (float)scale, y);
        else Add<double>(a, b, scale, y);
    }

    static unsafe void Add<T>(Tensor a, Tensor b, T scale, Tensor y) where T : unmanaged, INumber<T>
    {
        Slices.Run(a.StoredCount, (a, b, scale, y), static (s, start, length) =>
        {
            T* l = s.a.Pointer<T>() + start, r = s.b.Pointer<T>() + start, to = s.y.Pointer<T>() + start;
            var factor = new Vector<T>(s.scale);
            int i = 0;
            for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
                (Vector.Load(l + i) + factor * Vector.Load(r + i)).Store(to + i);
            for (; i < length; i++) to[i] = l[i] + s.scale * r[i];
        });
    }
}
