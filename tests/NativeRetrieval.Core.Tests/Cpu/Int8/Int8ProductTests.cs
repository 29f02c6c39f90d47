using System.Runtime.InteropServices;
using NativeRetrieval.Core.Cpu.Gemm;
using NativeRetrieval.Core.Cpu.Int8;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Core.Tests.Cpu.Int8;

public sealed unsafe class Int8ProductTests
{
    /// <summary>Kernels of this machine; those of others run in its own tests.</summary>
    static readonly Int8Kernel[] _kernels = [.. Int8Kernel.Supported];

    public static TheoryData<int, int, int> Shapes =>
        [(1, 1, 1), (1, 33, 5), (5, 17, 2), (6, 16, 4), (7, 31, 7), (13, 64, 259), (29, 100, 768), (500, 40, 300), (3, 5, 3072)];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_kernel_gives_the_bits_of_the_exact_sums(int rows, int outputs, int inputs)
    {
        float[] x = Normal(rows * inputs, 1), w = Normal(outputs * inputs, 2), bias = Normal(outputs, 3);
        float[] expected = Expected(rows, outputs, inputs, x, w, bias);
        foreach (var kernel in _kernels) Assert.Equal(expected, Run(kernel, rows, outputs, inputs, x, w, bias));
    }

    [Theory]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Gelu)]
    public void Every_kernel_gives_the_same_bits_behind_an_activation(Activation activation)
    {
        float[] x = Normal(30 * 96, 1), w = Normal(70 * 96, 2), bias = Normal(70, 3);
        float[] expected = Run(Int8Kernel.Portable, 30, 70, 96, x, w, bias, activation);
        Assert.True(activation == Activation.Gelu || expected.Min() == 0);
        foreach (var kernel in _kernels) Assert.Equal(expected, Run(kernel, 30, 70, 96, x, w, bias, activation));
    }

    [Fact]
    public void The_fastest_kernel_comes_first_and_one_runs_everywhere()
    {
        Assert.Same(Int8Kernel.Portable, _kernels[^1]);
        Assert.Equal(_kernels.OrderByDescending(kernel => kernel.Group), _kernels);
    }

    [Fact]
    public void A_rows_bits_depend_on_neither_its_batch_nor_threads()
    {
        const int rows = 700, outputs = 130, inputs = 200;
        float[] x = Normal(rows * inputs, 1), w = Normal(outputs * inputs, 2), bias = Normal(outputs, 3), alone = [];
        float[] together = Run(_kernels[0], rows, outputs, inputs, x, w, bias);
        // Within a part all of a product is done by its thread.
        Workers.Run(2, part => { if (part == 0) alone = Run(_kernels[0], rows, outputs, inputs, x, w, bias); });
        Assert.Equal(alone, together);
        foreach (int row in (int[])[0, 1, 5, 333, rows - 1])
            Assert.Equal(together[(row * outputs)..((row + 1) * outputs)],
                Run(_kernels[0], 1, outputs, inputs, [.. x.Skip(row * inputs).Take(inputs)], w, bias));
    }

    [Fact]
    public void The_longest_sums_of_the_largest_integers_are_exact()
    {
        const int inputs = Int8Weight.MostInputs, outputs = 3;
        float[] x = [.. Enumerable.Repeat(255f, inputs)], w = [.. Enumerable.Repeat(127f, inputs), .. Enumerable.Repeat(-127f, inputs),
            .. Enumerable.Range(0, inputs).Select(i => i % 2 == 0 ? 127f : -127f)];
        float most = (float)(255L * 127 * inputs), last = inputs % 2 == 0 ? 0 : 255 * 127;
        foreach (var kernel in _kernels)
            Assert.Equal([most, -most, last], Run(kernel, 1, outputs, inputs, x, w, [0, 0, 0]));
    }

    [Fact]
    public void Rows_that_are_not_finite_are_NaN_and_leave_the_others_as_they_are()
    {
        const int rows = 9, outputs = 20, inputs = 70;
        float[] x = Normal(rows * inputs, 1), w = Normal(outputs * inputs, 2), bias = Normal(outputs, 3);
        float[] before = Run(_kernels[0], rows, outputs, inputs, x, w, bias);
        (x[2 * inputs + 3], x[4 * inputs + 69], x[6 * inputs + 33]) = (float.NaN, float.PositiveInfinity, float.NegativeInfinity);
        foreach (var kernel in _kernels)
        {
            float[] after = Run(kernel, rows, outputs, inputs, x, w, bias);
            for (int row = 0; row < rows; row++)
                if (row is 2 or 4 or 6) Assert.All(after[(row * outputs)..((row + 1) * outputs)], value => Assert.True(float.IsNaN(value)));
                else Assert.Equal(before[(row * outputs)..((row + 1) * outputs)], after[(row * outputs)..((row + 1) * outputs)]);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1e-44f, 1e-44f)]
    [InlineData(-3e38f, 3e38f)]
    [InlineData(5, 5)]
    [InlineData(-5, -5)]
    public void Rows_of_any_finite_range_keep_their_extremes(float least, float most)
    {
        // A weight of a single 1: the result is the rounded x.
        float[] x = [.. Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? least : most)], w = new float[40];
        w[0] = 1;
        float[] y = Run(_kernels[0], 1, 1, 40, x, w, [0]);
        w[0] = 0;
        w[1] = 1;
        float[] z = Run(_kernels[0], 1, 1, 40, x, w, [0]);
        double step = Math.Max(most, 0) / 255.0 - Math.Min(least, 0) / 255.0 + 2e-38;
        Assert.InRange(y[0], least - step, least + step);
        Assert.InRange(z[0], most - step, most + step);
    }

    [Fact]
    public void Zeros_stay_zeros_whatever_the_range()
    {
        float[] x = [.. Normal(50, 1), 0], w = new float[51];
        w[50] = 3;
        Assert.Equal([0], Run(_kernels[0], 1, 1, 51, x, w, [0]));
    }

    static float[] Run(Int8Kernel kernel, int rows, int outputs, int inputs, float[] x, float[] w, float[] bias,
        Activation activation = Activation.None)
    {
        var y = new float[rows * outputs];
        int columns = Int8Panels.PanelsOf(outputs, kernel) * kernel.Columns;
        float[] scales = new float[columns];
        int[] sums = new int[columns];
        void* memory = NativeMemory.AlignedAlloc((nuint)Int8Panels.Bytes(outputs, inputs, kernel), 64);
        try
        {
            fixed (float* px = x, pw = w, py = y, pBias = bias, pScales = scales)
            fixed (int* pSums = sums)
            {
                var panels = new Int8Panels(outputs, inputs, kernel, (sbyte*)memory, pScales, pSums);
                panels.Fill(pw);
                Int8Product.Run(rows, px, panels, py, new GemmEpilogue<float> { Bias = pBias, Activation = activation });
            }
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
        return y;
    }

    /// <summary>The formula in whole numbers, element by element.</summary>
    static float[] Expected(int rows, int outputs, int inputs, float[] x, float[] w, float[] bias)
    {
        var y = new float[rows * outputs];
        for (int row = 0; row < rows; row++)
        {
            var own = x.AsSpan(row * inputs, inputs);
            float least = 0, most = 0;
            foreach (float value in own) (least, most) = (Math.Min(least, value), Math.Max(most, value));
            float scale = most / 255 - least / 255, inverse = 1 / scale;
            int zero = (int)MathF.Round(-least * inverse);
            int[] a = [.. own.ToArray().Select(value => Math.Clamp((int)MathF.Round(value * inverse) + zero, 0, 255) - zero)];
            for (int output = 0; output < outputs; output++)
            {
                var weights = w.AsSpan(output * inputs, inputs).ToArray();
                float step = weights.Max(MathF.Abs) / 127;
                long sum = a.Zip(weights, (value, weight) => value * (long)Math.Round((double)weight / step)).Sum();
                y[row * outputs + output] = (float)sum * step * scale + bias[output];
            }
        }
        return y;
    }

    static float[] Normal(int count, ulong stream)
    {
        var numbers = new PhiloxSequence(new Philox(11, stream));
        return [.. Enumerable.Range(0, count).Select(_ => (float)numbers.NextNormal())];
    }
}
