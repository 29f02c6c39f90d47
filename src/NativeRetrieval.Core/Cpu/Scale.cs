using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void Scale(Tensor x, double factor, Tensor y)
    {
        if (x.DType == DType.Float32) Scale<float>(x, (float)factor, y);
        else Scale<double>(x, factor, y);
    }

    static unsafe void Scale<T>(Tensor x, T factor, Tensor y) where T : unmanaged, INumber<T>
    {
        Slices.Run(x.StoredCount, (x, factor, y), static (s, start, length) =>
        {
            T* from = s.x.Pointer<T>() + start, to = s.y.Pointer<T>() + start;
            int i = 0;
            for (; i <= length - Vector<T>.Count; i += Vector<T>.Count) (Vector.Load(from + i) * s.factor).Store(to + i);
            for (; i < length; i++) to[i] = from[i] * s.factor;
        });
    }

    public void ScaleBy(Tensor x, Tensor factor, Tensor y) => Scale(x, factor.Item(), y);
}
