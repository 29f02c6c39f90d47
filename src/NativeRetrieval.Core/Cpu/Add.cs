using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void Add(Tensor a, Tensor b, double scale, Tensor y)
    {
        if (a.DType == DType.Float32) Run<float>(a, b, (float)scale, y);
        else Run<double>(a, b, scale, y);

        static unsafe void Run<T>(Tensor a, Tensor b, T scale, Tensor y) where T : unmanaged, INumber<T>
        {
            T* left = a.Pointer<T>(), right = b.Pointer<T>(), target = y.Pointer<T>();
            Slices.Run(a.StoredCount, (start, length) =>
            {
                T* l = left + start, r = right + start, to = target + start;
                var factor = new Vector<T>(scale);
                int i = 0;
                for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
                    (Vector.Load(l + i) + factor * Vector.Load(r + i)).Store(to + i);
                for (; i < length; i++) to[i] = l[i] + scale * r[i];
            });
        }
    }
}
