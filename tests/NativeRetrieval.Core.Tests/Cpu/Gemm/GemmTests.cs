using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Vectors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Core.Tests.Cpu.Gemm;

public sealed unsafe class GemmTests
{
    public static TheoryData<string, int, int, int> KernelsAndShapes
    {
        get
        {
            var data = new TheoryData<string, int, int, int>();
            foreach (string kernel in (string[])["avx512", "avx2", "portable"])
                foreach (var (m, n, k) in ((int, int, int)[])[(1, 1, 1), (1, 33, 5), (5, 17, 0), (13, 31, 7), (15, 16, 257), (29, 100, 300),
                    (150, 65, 19), (300, 1100, 3)])
                    data.Add(kernel, m, n, k);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(KernelsAndShapes))]
    public void A_product_is_the_sum_over_k_whatever_is_transposed(string kernelName, int m, int n, int k)
    {
        if (Kernel(kernelName) is not { } kernel) { Assert.Skip($"{kernelName} does not run on this machine"); return; }
        foreach (bool transposeA in (bool[])[false, true])
            foreach (bool transposeB in (bool[])[false, true])
            {
                float[] a = Normal(m * k, 1), b = Normal(k * n, 2), c = Normal(m * n, 3);
                double[] expected = Expected(m, n, k, (i, p) => a[transposeA ? p * m + i : i * k + p],
                    (p, j) => b[transposeB ? j * k + p : p * n + j]);
                fixed (float* pa = a, pb = b, pc = c)
                    Sgemm.Run(m, n, k, View(pa, m, k, transposeA), View(pb, k, n, transposeB), pc, n, default, kernel);
                AssertClose(expected, c, k);
            }
    }

    [Fact]
    public void Strided_operands_and_results_touch_only_their_own_elements()
    {
        const int m = 20, n = 37, k = 23, stride = 64;
        float[] a = Normal(m * stride, 1), b = Normal(k * stride, 2), c = Normal(m * stride, 3), before = [.. c];
        double[] expected = Expected(m, n, k, (i, p) => a[i * stride + 5 + p], (p, j) => b[p * stride + 2 + j]);
        fixed (float* pa = a, pb = b, pc = c)
            Sgemm.Run(m, n, k, new(pa + 5, stride), new(pb + 2, stride), pc + 3, stride);
        for (int i = 0; i < m; i++)
            for (int j = 0; j < stride; j++)
                if (j is >= 3 and < 3 + n) Assert.Equal(expected[i * n + j - 3], c[i * stride + j], 1e-4);
                else Assert.Equal(before[i * stride + j], c[i * stride + j]);
    }

    [Fact]
    public void The_bits_do_not_depend_on_threads_vector_width_or_packing()
    {
        const int m = 200, n = 150, k = 700;
        float[] a = Normal(m * k, 1), b = Normal(k * n, 2), parallel = new float[m * n], alone = new float[m * n],
            packed = new float[m * n];
        fixed (float* pa = a, pb = b, pParallel = parallel, pAlone = alone, pPacked = packed)
        {
            MatrixView<float> viewA = new(pa, k), viewB = new(pb, n);
            float* inner = pAlone;
            Sgemm.Run(m, n, k, viewA, viewB, pParallel, n);
            Workers.Run(2, part => { if (part == 0) Sgemm.Run(m, n, k, viewA, viewB, inner, n); });
            using (var weights = new PackedWeights(k, n, viewB)) Sgemm.Run(m, viewA, weights, pPacked, n);
            Assert.Equal(alone, parallel);
            Assert.Equal(alone, packed);
            if (!System.Runtime.Intrinsics.X86.Fma.IsSupported) return;
            Sgemm.Run(m, n, k, viewA, viewB, pParallel, n, default, GemmKernel.Avx512);
            Assert.Equal(alone, parallel);
        }
    }

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Gelu)]
    public void The_epilogue_adds_the_bias_and_applies_the_activation_once(Activation activation)
    {
        const int m = 9, n = 43, k = 600;
        float[] a = Normal(m * k, 1), b = Normal(k * n, 2), bias = Normal(n, 3), c = new float[m * n];
        double[] sums = Expected(m, n, k, (i, p) => a[i * k + p], (p, j) => b[p * n + j]);
        fixed (float* pa = a, pb = b, pc = c, pBias = bias)
            Sgemm.Run(m, n, k, new(pa, k), new(pb, n), pc, n, new() { Bias = pBias, Activation = activation });
        for (int i = 0; i < sums.Length; i++)
        {
            double x = sums[i] + bias[i % n];
            double expected = activation switch
            {
                Activation.Relu => Math.Max(x, 0),
                Activation.Gelu => x * SpecialFunctions.NormalDistribution(x),
                _ => x,
            };
            Assert.Equal(expected, c[i], 2e-4);
        }
    }

    [Fact]
    public void The_reference_agrees_in_double_precision()
    {
        const int m = 40, n = 30, k = 70;
        double[] a = [.. Normal(m * k, 1).Select(x => (double)x)], b = [.. Normal(k * n, 2).Select(x => (double)x)], c = new double[m * n];
        Array.Fill(c, 2);
        double[] expected = Expected(m, n, k, (i, p) => a[i * k + p], (p, j) => b[p * n + j]);
        fixed (double* pa = a, pb = b, pc = c) ReferenceGemm.Run(m, n, k, new MatrixView<double>(pa, k), new(pb, n), pc, n);
        for (int i = 0; i < c.Length; i++) Assert.Equal(expected[i], c[i], 1e-12);
    }

    static GemmKernel? Kernel(string name) => name switch
    {
        "avx512" => GemmKernel.Avx512,
        "avx2" => System.Runtime.Intrinsics.X86.Avx2.IsSupported ? GemmKernel.Avx2 : null,
        _ => GemmKernel.Portable,
    };

    static MatrixView<float> View(float* data, int rows, int columns, bool transposed) =>
        transposed ? new MatrixView<float>(data, rows).Transposed : new(data, columns);

    static float[] Normal(int count, ulong stream)
    {
        var numbers = new PhiloxSequence(new Philox(7, stream));
        return Enumerable.Range(0, count).Select(_ => (float)numbers.NextNormal()).ToArray();
    }

    static double[] Expected(int m, int n, int k, Func<int, int, double> a, Func<int, int, double> b)
    {
        var c = new double[m * n];
        for (int i = 0; i < m; i++)
            for (int p = 0; p < k; p++)
            {
                double factor = a(i, p);
                for (int j = 0; j < n; j++) c[i * n + j] += factor * b(p, j);
            }
        return c;
    }

    static void AssertClose(double[] expected, float[] actual, int k)
    {
        double error = 0, size = 1e-30;
        for (int i = 0; i < expected.Length; i++)
        {
            error += (expected[i] - actual[i]) * (expected[i] - actual[i]);
            size += expected[i] * expected[i];
        }
        Assert.True(Math.Sqrt(error / size) < 1e-6, $"relative error {Math.Sqrt(error / size):g3} with k = {k}");
    }
}
