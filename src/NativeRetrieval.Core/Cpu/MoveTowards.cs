using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void MoveTowards(Tensor target, Tensor goal, double share)
    {
        if (target.DType == DType.Float32) MoveTowards<float>(target, goal, (float)share);
        else MoveTowards<double>(target, goal, share);
    }

    static unsafe void MoveTowards<T>(Tensor target, Tensor goal, T share) where T : unmanaged, INumber<T>
    {
        Slices.Run(target.StoredCount, (target, goal, share), static (s, start, length) =>
        {
            T* own = s.target.Pointer<T>() + start, other = s.goal.Pointer<T>() + start;
            var factor = new Vector<T>(s.share);
            int i = 0;
            for (; i <= length - Vector<T>.Count; i += Vector<T>.Count)
            {
                var from = Vector.Load(own + i);
                (from + factor * (Vector.Load(other + i) - from)).Store(own + i);
            }
            for (; i < length; i++) own[i] += s.share * (other[i] - own[i]);
        });
    }
}
