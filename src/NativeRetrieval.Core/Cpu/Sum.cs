using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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

    /// <summary>
    /// Σ a·b, or Σ a: float64 sums of a fixed number of lanes per slice, added in slice order, so that neither threads nor vector widths
    /// change a bit.
    /// </summary>
    internal static unsafe double Total<T>(Tensor a, Tensor? b) where T : unmanaged, INumber<T>
    {
        var partial = new double[Slices.CountOf(a.StoredCount)];
        Slices.Run(a.StoredCount, (a, b, partial), static (s, start, length) =>
            s.partial[start / Slices.Length] =
                SumOfProducts(s.a.Pointer<T>() + start, s.b is null ? null : s.b.Pointer<T>() + start, length));
        double total = 0;
        foreach (double part in partial) total += part;
        return total;
    }

    static unsafe double SumOfProducts<T>(T* left, T* right, int length) where T : unmanaged, INumber<T>
    {
        Vector512<double> low = default, high = default;
        int lanes = 2 * Vector512<double>.Count, i = 0;
        for (; i <= length - lanes; i += lanes)
        {
            var (l0, l1) = Widened(left + i);
            if (right is not null)
            {
                var (r0, r1) = Widened(right + i);
                (l0, l1) = (l0 * r0, l1 * r1);
            }
            low += l0;
            high += l1;
        }
        double sum = Vector512.Sum(low + high);
        for (; i < length; i++)
            sum += double.CreateTruncating(left[i]) * (right is null ? 1 : double.CreateTruncating(right[i]));
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe (Vector512<double> Lower, Vector512<double> Upper) Widened<T>(T* x) where T : unmanaged =>
        typeof(T) == typeof(float) ? Vector512.Widen(Vector512.Load((float*)x))
            : (Vector512.Load((double*)x), Vector512.Load((double*)x + Vector512<double>.Count));
}
