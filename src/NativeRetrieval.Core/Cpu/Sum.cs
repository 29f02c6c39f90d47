using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public void Sum(Tensor x, Tensor y)
    {
        if (x.DType == DType.Float32) y.Span<float>()[0] = (float)Total<float>(x, null);
        else y.Span<double>()[0] = Total<double>(x, null);
    }

    /// <summary>Σ a·b, or Σ a: float64 partial sums per slice, added in slice order, so that no thread count changes a bit.</summary>
    internal static unsafe double Total<T>(Tensor a, Tensor? b) where T : unmanaged, INumber<T>
    {
        T* left = a.Pointer<T>(), right = b is null ? null : b.Pointer<T>();
        var partial = new double[Slices.CountOf(a.StoredCount)];
        Slices.Run(a.StoredCount, (start, length) =>
        {
            double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
            T* l = left + start, r = right is null ? null : right + start;
            int i = 0;
            for (; i + 4 <= length; i += 4)
            {
                s0 += At(i);
                s1 += At(i + 1);
                s2 += At(i + 2);
                s3 += At(i + 3);
            }
            for (; i < length; i++) s0 += At(i);
            partial[start / Slices.Length] = s0 + s1 + (s2 + s3);

            double At(int i) => r is null ? double.CreateTruncating(l[i]) : double.CreateTruncating(l[i]) * double.CreateTruncating(r[i]);
        });
        double total = 0;
        foreach (double part in partial) total += part;
        return total;
    }
}
