using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void AddRelu(Tensor a, Tensor b, Tensor y)
    {
        if (a.DType == DType.Float32) Run<float>(a, b, y);
        else Run<double>(a, b, y);

        static unsafe void Run<T>(Tensor a, Tensor b, Tensor y) where T : unmanaged, INumber<T>
        {
            T* left = a.Pointer<T>(), right = b.Pointer<T>(), target = y.Pointer<T>();
            Slices.Run(a.StoredCount, (start, length) =>
            {
                T* l = left + start, r = right + start, to = target + start;
                int i = 0;
                for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
                    Vector.Max(Vector.Load(l + i) + Vector.Load(r + i), Vector<T>.Zero).Store(to + i);
                for (; i < length; i++) to[i] = T.Max(l[i] + r[i], T.Zero);
            });
        }
    }
}
