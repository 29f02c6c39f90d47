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
