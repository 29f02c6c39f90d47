using System.Numerics;
using System.Runtime.CompilerServices;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Sums and updates of one row, in whole vectors for float and double alike.</summary>
internal static unsafe class RowMath
{
    public static T Sum<T>(T* x, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var sums = Vector<T>.Zero;
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count) sums += Vector.Load(x + i);
        T sum = Vector.Sum(sums);
        for (; i < count; i++) sum += x[i];
        return sum;
    }

    public static T Dot<T>(T* x, T* y, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var sums = Vector<T>.Zero;
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count) sums += Vector.Load(x + i) * Vector.Load(y + i);
        T sum = Vector.Sum(sums);
        for (; i < count; i++) sum += x[i] * y[i];
        return sum;
    }

    /// <summary>Products of four rows, <paramref name="stride"/> values apart, with one: each with the bits of <see cref="Dot"/>.</summary>
    public static (T, T, T, T) FourDots<T>(T* rows, nint stride, T* y, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        T* x0 = rows, x1 = rows + stride, x2 = x1 + stride, x3 = x2 + stride;
        Vector<T> s0 = Vector<T>.Zero, s1 = Vector<T>.Zero, s2 = Vector<T>.Zero, s3 = Vector<T>.Zero;
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
        {
            var other = Vector.Load(y + i);
            s0 += Vector.Load(x0 + i) * other;
            s1 += Vector.Load(x1 + i) * other;
            s2 += Vector.Load(x2 + i) * other;
            s3 += Vector.Load(x3 + i) * other;
        }
        var (d0, d1, d2, d3) = (Vector.Sum(s0), Vector.Sum(s1), Vector.Sum(s2), Vector.Sum(s3));
        for (; i < count; i++) (d0, d1, d2, d3) = (d0 + x0[i] * y[i], d1 + x1[i] * y[i], d2 + x2[i] * y[i], d3 + x3[i] * y[i]);
        return (d0, d1, d2, d3);
    }

    public static T SumOfSquaredDeviations<T>(T* x, T mean, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var (sums, means) = (Vector<T>.Zero, new Vector<T>(mean));
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
        {
            var deviation = Vector.Load(x + i) - means;
            sums += deviation * deviation;
        }
        T sum = Vector.Sum(sums);
        for (; i < count; i++) sum += (x[i] - mean) * (x[i] - mean);
        return sum;
    }

    public static T Max<T>(T* x, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var maxima = new Vector<T>(T.NegativeInfinity);
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count) maxima = Vector.Max(maxima, Vector.Load(x + i));
        T max = T.NegativeInfinity;
        for (int lane = 0; lane < Vector<T>.Count; lane++) max = T.Max(max, maxima[lane]);
        for (; i < count; i++) max = T.Max(max, x[i]);
        return max;
    }

    /// <summary>target = factor·x; target may be x.</summary>
    public static void Scale<T>(T* x, T factor, T* target, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var factors = new Vector<T>(factor);
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count) Vector.Store(Vector.Load(x + i) * factors, target + i);
        for (; i < count; i++) target[i] = x[i] * factor;
    }

    /// <summary>target += x.</summary>
    public static void Add<T>(T* x, T* target, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count) Vector.Store(Vector.Load(target + i) + Vector.Load(x + i), target + i);
        for (; i < count; i++) target[i] += x[i];
    }

    /// <summary>target += factor·x.</summary>
    public static void AddScaled<T>(T* x, T factor, T* target, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var factors = new Vector<T>(factor);
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
            Vector.Store(Vector.Load(target + i) + factors * Vector.Load(x + i), target + i);
        for (; i < count; i++) target[i] += factor * x[i];
    }

    /// <summary>y = softmax(scale·x); y may be x. An empty row stays empty.</summary>
    public static void Softmax<T>(T* x, T scale, T* y, int count) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (count == 0) return;
        T max = Max(x, count);
        if (typeof(T) == typeof(float))
            ExpOfDifferences((float*)x, Unsafe.BitCast<T, float>(max), Unsafe.BitCast<T, float>(scale), (float*)y, count);
        else for (int i = 0; i < count; i++) y[i] = T.Exp((x[i] - max) * scale);
        Scale(y, T.One / Sum(y, count), y, count);
    }

    static void ExpOfDifferences(float* x, float max, float scale, float* y, int count)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
            Vector.Store(VectorMath.Exp((Vector.Load(x + i) - new Vector<float>(max)) * scale), y + i);
        for (; i < count; i++) y[i] = VectorMath.Exp(new Vector<float>((x[i] - max) * scale))[0];
    }
}
