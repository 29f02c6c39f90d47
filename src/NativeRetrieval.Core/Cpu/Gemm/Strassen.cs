using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// Strassen's product of 2 × 2 quarters, 7 products for 8 (Strassen 1969, "Gaussian elimination is not optimal"). Quarters are numbered by
/// rows: 0 and 1, below them 2 and 3. With M₀ … M₆ the products of <see cref="SumsOfA"/> and <see cref="OfB"/>,
/// <c>C₀ = M₀ + M₃ − M₄ + M₆, C₁ = M₂ + M₄, C₂ = M₁ + M₃, C₃ = M₀ − M₁ + M₂ + M₅</c>.
/// </summary>
internal static unsafe class Strassen
{
    public const int Products = 7;

    /// <summary>Parts of each side of a matrix: the form is used twice, on quarters and on their quarters.</summary>
    public const int Side = 4;

    /// <summary>Sizes from which 49 products and their sums take less time than 64 products: with 224 rows they take the same.</summary>
    const int LeastRows = 448, LeastColumns = 768, LeastK = 768;

    /// <summary>Lengths that are whole vectors of every width.</summary>
    const int Lanes = 16;

    /// <summary>The second factors: a quarter of B and, where the sign is not 0, another that is added or subtracted.</summary>
    public static ReadOnlySpan<(int First, int Second, int Sign)> OfB => _ofB;

    static readonly (int First, int Second, int Sign)[] _ofB =
        [(0, 3, 1), (0, 0, 0), (1, 3, -1), (2, 0, -1), (3, 0, 0), (0, 1, 1), (2, 3, 1)];

    static readonly StrassenTarget[][] _ofC =
    [
        [new(0, 1, IsFirst: true), new(3, 1, IsFirst: true)],
        [new(2, 1, IsFirst: true), new(3, -1)],
        [new(1, 1, IsFirst: true), new(3, 1)],
        [new(0, 1), new(2, 1)],
        [new(0, -1), new(1, 1)],
        [new(3, 1)],
        [new(0, 1)],
    ];

    /// <summary>The quarters of C to which a product is added.</summary>
    public static ReadOnlySpan<StrassenTarget> OfC(int product) => _ofC[product];

    /// <summary>True where the form is used: by the sizes alone, so that results depend neither on the threads nor on the load.</summary>
    public static bool Takes(int m, WeightPanels<float> b, GemmKernel<float> kernel)
    {
        int blockK = GemmBlocking.BlockK(b.K);
        return m >= LeastRows && b.N >= LeastColumns && b.K >= LeastK && kernel.Columns >= WeightPanels<float>.Width
            && b.N % (Side * kernel.Columns) == 0 && b.K % (Side * blockK) == 0 && blockK % Lanes == 0;
    }

    /// <summary>The first factors of the seven products.</summary>
    /// <param name="quarters">Four, <paramref name="distance"/> floats apart.</param>
    /// <param name="count">Floats of each, whole vectors.</param>
    /// <param name="sums">Seven, <paramref name="stride"/> floats apart.</param>
    public static void SumsOfA(float* quarters, nint distance, int count, float* sums, nint stride)
    {
        if (Vector512.IsHardwareAccelerated) SumsOfA<Floats512>(quarters, distance, count, sums, stride);
        else SumsOfA<NativeFloats>(quarters, distance, count, sums, stride);
    }

    /// <summary>target = x + sign·y; target may be x.</summary>
    public static void Add(float* x, float* y, int sign, float* target, int count)
    {
        if (Vector512.IsHardwareAccelerated) Add<Floats512>(x, y, sign, target, count);
        else Add<NativeFloats>(x, y, sign, target, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void SumsOfA<T>(float* quarters, nint distance, int count, float* sums, nint stride) where T : unmanaged, ISimdFloats<T>
    {
        for (int i = 0; i < count; i += T.Count)
        {
            float* source = quarters + i, target = sums + i;
            T a0 = T.Load(source), a1 = T.Load(source + distance), a2 = T.Load(source + 2 * distance), a3 = T.Load(source + 3 * distance);
            (a0 + a3).Store(target);
            (a2 + a3).Store(target += stride);
            a0.Store(target += stride);
            a3.Store(target += stride);
            (a0 + a1).Store(target += stride);
            (a2 - a0).Store(target += stride);
            (a1 - a3).Store(target += stride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Add<T>(float* x, float* y, int sign, float* target, int count) where T : unmanaged, ISimdFloats<T>
    {
        var factor = T.All(sign);
        for (int i = 0; i < count; i += T.Count) T.MultiplyAdd(T.Load(y + i), factor, T.Load(x + i)).Store(target + i);
    }
}

/// <summary>A quarter of C to which a product is added.</summary>
/// <param name="Quarter">0 … 3.</param>
/// <param name="Sign">1 or −1.</param>
/// <param name="IsFirst">True where no product before is added to the quarter.</param>
internal readonly record struct StrassenTarget(int Quarter, int Sign, bool IsFirst = false);
