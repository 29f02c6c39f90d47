using System.Numerics;
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
                    (40, 48, 530), (150, 65, 19), (300, 1100, 3)])
                    data.Add(kernel, m, n, k);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(KernelsAndShapes))]
    public void A_product_is_the_sum_over_k_whatever_is_transposed(string kernel, int m, int n, int k)
    {
        ExpectSums<float>(kernel, m, n, k, 1e-6);
        ExpectSums<double>(kernel, m, n, k, 1e-14);
    }

    [Theory]
    [MemberData(nameof(KernelsAndShapes))]
    public void A_product_with_weights_in_panels_has_the_bits_of_any_other(string kernelName, int m, int n, int k)
    {
        if (Kernel<float>(kernelName) is not { } kernel) { Assert.Skip($"{kernelName} does not run on this machine"); return; }
        float[] a = Normal(m * k, 1), b = Normal(k * n, 2), bias = Normal(n, 3), expected = new float[m * n], c = Normal(m * n, 4);
        using var weights = new ArrangedWeights(k, n, b);
        fixed (float* pa = a, pb = b, pBias = bias, pExpected = expected, pc = c)
        {
            GemmEpilogue<float> epilogue = new() { Bias = pBias, Activation = Activation.Relu };
            PackedGemm.Run(m, n, k, new(pa, k), new MatrixView<float>(pb, n), pExpected, n, epilogue, kernel);
            PackedGemm.Run(m, new(pa, k), weights.Panels, pc, n, epilogue, kernel);
        }
        Assert.Equal(expected, c);
    }

    static void ExpectSums<T>(string kernelName, int m, int n, int k, double tolerance) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (Kernel<T>(kernelName) is not { } kernel) { Assert.Skip($"{kernelName} does not run on this machine"); return; }
        foreach (bool transposeA in (bool[])[false, true])
            foreach (bool transposeB in (bool[])[false, true])
            {
                T[] a = Normal<T>(m * k, 1), b = Normal<T>(k * n, 2), c = Normal<T>(m * n, 3);
                double[] expected = Expected(m, n, k, (i, p) => double.CreateChecked(a[transposeA ? p * m + i : i * k + p]),
                    (p, j) => double.CreateChecked(b[transposeB ? j * k + p : p * n + j]));
                fixed (T* pa = a, pb = b, pc = c)
                    PackedGemm.Run(m, n, k, View(pa, m, k, transposeA), View(pb, k, n, transposeB), pc, n, default, kernel);
                AssertClose(expected, c, k, tolerance);
            }
    }

    [Fact]
    public void Strided_operands_and_results_touch_only_their_own_elements()
    {
        const int m = 20, n = 37, k = 23, stride = 64;
        float[] a = Normal(m * stride, 1), b = Normal(k * stride, 2), c = Normal(m * stride, 3), before = [.. c];
        double[] expected = Expected(m, n, k, (i, p) => a[i * stride + 5 + p], (p, j) => b[p * stride + 2 + j]);
        fixed (float* pa = a, pb = b, pc = c)
            PackedGemm.Run(m, n, k, new(pa + 5, stride), new(pb + 2, stride), pc + 3, stride);
        for (int i = 0; i < m; i++)
            for (int j = 0; j < stride; j++)
                if (j is >= 3 and < 3 + n) Assert.Equal(expected[i * n + j - 3], c[i * stride + j], 1e-4);
                else Assert.Equal(before[i * stride + j], c[i * stride + j]);
    }

    [Fact]
    public void The_bits_do_not_depend_on_threads_vector_width_or_packing()
    {
        const int m = 200, n = 150, k = 700;
        float[] a = Normal(m * k, 1), b = Normal(k * n, 2), arranged = new float[m * n];
        float[] alone = ExpectSameBits(m, n, k, a, b);
        using (var weights = new ArrangedWeights(k, n, b))
            fixed (float* pa = a, pArranged = arranged) PackedGemm.Run(m, new(pa, k), weights.Panels, pArranged, n);
        Assert.Equal(alone, arranged);
        ExpectSameBits(m, n, k, Normal<double>(m * k, 1), Normal<double>(k * n, 2));
    }

    static T[] ExpectSameBits<T>(int m, int n, int k, T[] a, T[] b) where T : unmanaged, IFloatingPointIeee754<T>
    {
        T[] parallel = new T[m * n], alone = new T[m * n];
        fixed (T* pa = a, pb = b, pParallel = parallel, pAlone = alone)
        {
            MatrixView<T> viewA = new(pa, k), viewB = new(pb, n);
            T* inner = pAlone;
            PackedGemm.Run(m, n, k, viewA, viewB, pParallel, n);
            Workers.Run(2, part => { if (part == 0) PackedGemm.Run(m, n, k, viewA, viewB, inner, n); });
            Assert.Equal(alone, parallel);
            if (!System.Runtime.Intrinsics.X86.Fma.IsSupported) return alone;
            foreach (var kernel in (GemmKernel<T>[])[GemmKernel<T>.Avx512, GemmKernel<T>.Avx2])
            {
                PackedGemm.Run(m, n, k, viewA, viewB, pParallel, n, default, kernel);
                Assert.Equal(alone, parallel);
            }
        }
        return alone;
    }

    [Theory]
    [InlineData("avx512")]
    [InlineData("avx2")]
    [InlineData("portable")]
    public void The_bits_of_a_row_do_not_depend_on_the_number_of_rows(string kernelName)
    {
        if (Kernel<float>(kernelName) is not { } kernel) { Assert.Skip($"{kernelName} does not run on this machine"); return; }
        const int m = 150, n = 53, k = 619;
        float[] a = Normal(m * k, 1), b = Normal(n * k, 2), bias = Normal(n, 3), all = new float[m * n];
        fixed (float* pa = a, pb = b, pBias = bias, pAll = all)
        {
            var weight = new MatrixView<float>(pb, k).Transposed;
            GemmEpilogue<float> epilogue = new() { Bias = pBias, Activation = Activation.Relu };
            PackedGemm.Run(m, n, k, new(pa, k), weight, pAll, n, epilogue, kernel);
            foreach (int rows in (int[])[1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 33])
            {
                float[] few = new float[rows * n];
                fixed (float* pFew = few) PackedGemm.Run(rows, n, k, new(pa, k), weight, pFew, n, epilogue, kernel);
                Assert.Equal(all[..few.Length], few);
            }
        }
    }

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Gelu)]
    public void The_epilogue_adds_the_bias_and_applies_the_activation_once(Activation activation)
    {
        ExpectEpilogue<float>(activation, 2e-4);
        ExpectEpilogue<double>(activation, 1e-12);
    }

    static void ExpectEpilogue<T>(Activation activation, double tolerance) where T : unmanaged, IFloatingPointIeee754<T>
    {
        const int m = 9, n = 43, k = 600;
        T[] a = Normal<T>(m * k, 1), b = Normal<T>(k * n, 2), bias = Normal<T>(n, 3), c = new T[m * n];
        double[] sums = Expected(m, n, k, (i, p) => double.CreateChecked(a[i * k + p]), (p, j) => double.CreateChecked(b[p * n + j]));
        fixed (T* pa = a, pb = b, pc = c, pBias = bias)
            PackedGemm.Run(m, n, k, new(pa, k), new(pb, n), pc, n, new() { Bias = pBias, Activation = activation });
        for (int i = 0; i < sums.Length; i++)
        {
            double x = sums[i] + double.CreateChecked(bias[i % n]);
            double expected = activation switch
            {
                Activation.Relu => Math.Max(x, 0),
                Activation.Gelu => x * SpecialFunctions.NormalDistribution(x),
                _ => x,
            };
            Assert.Equal(expected, double.CreateChecked(c[i]), tolerance);
        }
    }

    static GemmKernel<T>? Kernel<T>(string name) where T : unmanaged => name switch
    {
        "avx512" => GemmKernel<T>.Avx512,
        "avx2" => System.Runtime.Intrinsics.X86.Avx2.IsSupported ? GemmKernel<T>.Avx2 : null,
        _ => GemmKernel<T>.Portable,
    };

    static MatrixView<T> View<T>(T* data, int rows, int columns, bool transposed) where T : unmanaged =>
        transposed ? new MatrixView<T>(data, rows).Transposed : new(data, columns);

    static float[] Normal(int count, ulong stream) => Normal<float>(count, stream);

    static T[] Normal<T>(int count, ulong stream) where T : INumberBase<T>
    {
        var numbers = new PhiloxSequence(new Philox(7, stream));
        return Enumerable.Range(0, count).Select(_ => T.CreateChecked(numbers.NextNormal())).ToArray();
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

    static void AssertClose<T>(double[] expected, T[] actual, int k, double tolerance) where T : INumberBase<T>
    {
        double error = 0, size = 1e-30;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = expected[i] - double.CreateChecked(actual[i]);
            error += difference * difference;
            size += expected[i] * expected[i];
        }
        Assert.True(Math.Sqrt(error / size) < tolerance, $"relative error {Math.Sqrt(error / size):g3} with k = {k}");
    }
}
