using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Core.Tests.Cpu.Gemm;

public sealed unsafe class StrassenTests
{
    /// <summary>Every fifth row: strips of up to 14 rows have each of their rows checked.</summary>
    const int RowStep = 5;

    /// <summary>Measured: 1.0e-6; a plain product has 2.5e-7.</summary>
    const double Tolerance = 2e-6;

    /// <summary>Whole and incomplete groups of rows; one group of k, two in one pass, two in two passes; two pieces.</summary>
    [Theory]
    [InlineData("avx512", 448, 768, 768)]
    [InlineData("avx512", 501, 896, 768)]
    [InlineData("avx512", 448, 768, 1536)]
    [InlineData("avx512", 1024, 768, 1536)]
    [InlineData("avx512", 1201, 768, 768)]
    [InlineData("avx2", 501, 768, 768)]
    [InlineData("portable", 448, 768, 768)]
    public void Errors_stay_within_the_bound_for_two_levels(string kernelName, int m, int n, int k)
    {
        var kernel = kernelName switch
        {
            "avx512" => GemmKernel<float>.Avx512,
            "avx2" => GemmKernel<float>.Avx2,
            _ => GemmKernel<float>.Portable,
        };
        if (kernelName == "avx2" && !System.Runtime.Intrinsics.X86.Avx2.IsSupported) Assert.Skip("AVX2 does not run on this machine");
        float[] a = Uniform(m * k, 1), b = Uniform(k * n, 2), c = new float[m * n];
        using var weights = new ArrangedWeights(k, n, b);
        Assert.True(Strassen.Takes(m, weights.Panels, kernel));
        fixed (float* pa = a, pc = c) PackedGemm.Run(m, new(pa, k), weights.Panels, pc, n, kernel: kernel);
        double worst = 0, error = 0, size = 0;
        double[] expected = Expected(m, n, k, a, b);
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = expected[i] - c[i / n * RowStep * n + i % n];
            worst = Math.Max(worst, Math.Abs(difference));
            error += difference * difference;
            size += expected[i] * expected[i];
        }
        // Higham 2002, Accuracy and Stability of Numerical Algorithms, theorem 23.2, for sums of length k and values of at most 1.
        double shortest = k / 4, bound = (144 * (shortest * shortest + 5 * shortest) - 5 * k) * Math.Pow(2, -24);
        Assert.True(worst <= bound, $"largest error {worst:g3}, the bound is {bound:g3}");
        Assert.True(Math.Sqrt(error / size) < Tolerance, $"relative error {Math.Sqrt(error / size):g3}");
    }

    [Fact]
    public void Bias_and_activation_come_once_and_only_the_product_s_own_elements_are_written()
    {
        const int m = 1001, n = 768, k = 1536, stride = 800, few = 400;
        float[] a = Uniform(m * k, 1), b = Uniform(k * n, 2), bias = Uniform(n, 3), c = Uniform(m * stride, 4), plain = [.. c];
        using var weights = new ArrangedWeights(k, n, b);
        fixed (float* pa = a, pc = c, pPlain = plain, pBias = bias)
        {
            var epilogue = new GemmEpilogue<float> { Bias = pBias, Activation = Activation.Gelu };
            PackedGemm.Run(m, new(pa, k), weights.Panels, pc, stride, epilogue);
            for (int row = 0; row < m; row += few)
                PackedGemm.Run(Math.Min(few, m - row), new(pa + row * k, k), weights.Panels, pPlain + row * stride, stride, epilogue);
        }
        double error = 0, size = 0;
        for (int i = 0; i < c.Length; i++)
            if (i % stride >= n) Assert.Equal(plain[i], c[i]);
            else
            {
                error += Math.Pow((double)plain[i] - c[i], 2);
                size += Math.Pow(plain[i], 2);
            }
        Assert.InRange(Math.Sqrt(error / size), 1e-9, Tolerance);
    }

    [Fact]
    public void The_bits_do_not_depend_on_threads_and_a_product_allocates_nothing()
    {
        const int m = 470, n = 768, k = 768;
        float[] a = Uniform(m * k, 1), b = Uniform(k * n, 2), parallel = new float[m * n], alone = new float[m * n];
        long allocated = -1;
        using var weights = new ArrangedWeights(k, n, b);
        var panels = weights.Panels;
        fixed (float* pa = a, pParallel = parallel, pAlone = alone)
        {
            var source = new MatrixView<float>(pa, k);
            float* target = pAlone;
            PackedGemm.Run(m, source, panels, pParallel, n);
            Workers.Run(2, part =>
            {
                if (part != 0) return;
                PackedGemm.Run(m, source, panels, target, n);
                long before = GC.GetAllocatedBytesForCurrentThread();
                PackedGemm.Run(m, source, panels, target, n);
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            });
        }
        Assert.Equal(alone, parallel);
        Assert.Equal(0, allocated);
    }

    [Theory]
    [InlineData(448, 768, 768, true)]
    [InlineData(447, 768, 768, false)] // too few rows to gain
    [InlineData(1024, 512, 768, false)]
    [InlineData(1024, 768, 512, false)]
    [InlineData(1024, 777, 768, false)] // the last group of columns would not be whole
    [InlineData(1024, 768, 1000, false)] // blocks of 250 are not whole vectors
    public void Sizes_alone_decide(int m, int n, int k, bool expected)
    {
        Assert.Equal(expected, Strassen.Takes(m, new(null, k, n), GemmKernel<float>.Avx512));
    }

    static float[] Uniform(int count, ulong stream)
    {
        var philox = new Philox(7, stream);
        return [.. Enumerable.Range(0, count).Select(i => 2 * philox.Uniform((ulong)i) - 1)];
    }

    /// <summary>Every <see cref="RowStep"/>th row of the product.</summary>
    static double[] Expected(int m, int n, int k, float[] a, float[] b)
    {
        int rows = (m + RowStep - 1) / RowStep;
        double[] wideA = Array.ConvertAll(a, x => (double)x), wideB = Array.ConvertAll(b, x => (double)x), c = new double[rows * n];
        fixed (double* pa = wideA, pb = wideB, pc = c)
            ReferenceGemm.Run(rows, n, k, new MatrixView<double>(pa, (nint)RowStep * k), new(pb, n), pc, n);
        return c;
    }
}
