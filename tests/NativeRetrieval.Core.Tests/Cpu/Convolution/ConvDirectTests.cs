using NativeRetrieval.Core.Cpu.Convolution;

namespace NativeRetrieval.Core.Tests.Cpu.Convolution;

public sealed unsafe class ConvDirectTests
{
    const double Tolerance = 1e-6;

    public static TheoryData<string, int, int, int, int, int, int> Cases()
    {
        var data = new TheoryData<string, int, int, int, int, int, int>();
        foreach (TileKind kind in Enum.GetValues<TileKind>())
        {
            if (kind == TileKind.Avx2 && ConvTile.Best == TileKind.Portable) continue;
            foreach (var (n, i, o, h, w, k) in new[]
            {
                (1, 1, 16, 9, 8, 3), (2, 1, 32, 37, 64, 3), (2, 16, 32, 7, 5, 3), (1, 8, 12, 6, 4, 3), (3, 24, 40, 5, 2, 3),
                (2, 13, 56, 31, 1, 3), (2, 160, 32, 15, 2, 3), (1, 32, 48, 1, 1, 3), (2, 40, 32, 9, 4, 1), (1, 16, 16, 70, 32, 3),
                (5, 144, 16, 3, 3, 1), (2, 1, 32, 37, 9, 5), (3, 40, 24, 5, 4, 5), (2, 16, 16, 80, 32, 5),
            }) data.Add(kind.ToString(), n, i, o, h, w, k);
        }
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Forward_equals_the_definition(string kind, int n, int i, int o, int h, int w, int k)
    {
        var s = new ConvShape(n, i, o, h, w, k);
        float[] x = ConvReference.Values(n * i * h * w, 1), weight = ConvReference.Values(o * i * k * k, 2);
        double[] expected = ConvReference.Forward(s, x, weight);
        float[] y = Run(s, x, weight, null, false, kind);
        Assert.InRange(ConvReference.BlockedError(y, expected, n, o, h * w), 0, Tolerance);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Bias_and_ReLU_are_applied_once(string kind, int n, int i, int o, int h, int w, int k)
    {
        var s = new ConvShape(n, i, o, h, w, k);
        float[] x = ConvReference.Values(n * i * h * w, 1), weight = ConvReference.Values(o * i * k * k, 2),
            bias = ConvReference.Values(o, 3);
        double[] expected = ConvReference.Forward(s, x, weight);
        for (int e = 0; e < expected.Length; e++) expected[e] = Math.Max(0, expected[e] + bias[e / (h * w) % o]);
        float[] y = Run(s, x, weight, bias, true, kind);
        Assert.InRange(ConvReference.BlockedError(y, expected, n, o, h * w), 0, Tolerance);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Gradients_equal_the_definition(string kind, int n, int i, int o, int h, int w, int k)
    {
        var s = new ConvShape(n, i, o, h, w, k);
        float[] x = ConvReference.Values(n * i * h * w, 1), weight = ConvReference.Values(o * i * k * k, 2),
            dy = ConvReference.Values(n * o * h * w, 3);
        float[] blockedX = i == 1 ? x : ConvReference.Block(x, n, i, h * w), blockedDy = ConvReference.Block(dy, n, o, h * w);
        float[] work = new float[ConvFilterGradient.WorkFloats(s)], dw = new float[s.OutBlocks * s.KernelPanelFloats];
        fixed (float* px = blockedX, pdy = blockedDy, pw = work, pdw = dw)
            ConvFilterGradient.Run(s, px, pdy, pdw, pw, Enum.Parse<TileKind>(kind));
        Assert.InRange(ConvReference.Error(ConvReference.RowMajor(s, dw), ConvReference.FilterGradient(s, x, dy)), 0, Tolerance);

        double[] expected = ConvReference.InputGradient(s, dy, weight);
        var dx = new float[n * s.InBlocks * 16 * h * w];
        var back = new float[s.Transposed.PackedFloats];
        fixed (float* pdy = blockedDy, pw = ConvReference.Kernels(s, weight), pp = back, pdx = dx)
        {
            ConvPack.Pack(s.Transposed, ConvWeights.Backward(pw), pp);
            ConvDirect.Run(s.Transposed, pdy, pp, null, false, pdx, Enum.Parse<TileKind>(kind));
        }
        Assert.InRange(ConvReference.BlockedError(dx, expected, n, i, h * w), 0, Tolerance);
    }

    [Fact]
    public void Filter_gradient_of_many_rows_is_the_same_in_every_run()
    {
        var s = new ConvShape(3, 16, 16, 200, 32, 3);
        float[] x = ConvReference.Values(3 * 16 * 200 * 32, 1), dy = ConvReference.Values(3 * 16 * 200 * 32, 3);
        float[] bx = ConvReference.Block(x, 3, 16, 200 * 32), bdy = ConvReference.Block(dy, 3, 16, 200 * 32);
        float[] first = Gradient(), second = Gradient();
        Assert.Equal(first, second);
        Assert.InRange(ConvReference.Error(ConvReference.RowMajor(s, first), ConvReference.FilterGradient(s, x, dy)), 0, Tolerance);

        float[] Gradient()
        {
            float[] work = new float[ConvFilterGradient.WorkFloats(s)], dw = new float[16 * 16 * 9];
            fixed (float* px = bx, pdy = bdy, pw = work, pdw = dw) ConvFilterGradient.Run(s, px, pdy, pdw, pw, ConvTile.Best);
            return dw;
        }
    }

    static float[] Run(ConvShape s, float[] x, float[] weight, float[]? bias, bool relu, string kind)
    {
        float[] blocked = s.SingleInput ? x : ConvReference.Block(x, s.Batch, s.InChannels, (int)s.Plane);
        var packed = new float[s.PackedFloats];
        var padded = new float[s.OutBlocks * 16];
        bias?.CopyTo(padded, 0);
        var y = new float[s.Batch * s.OutImage];
        fixed (float* px = blocked, pw = ConvReference.Kernels(s, weight), pp = packed, pb = padded, py = y)
        {
            ConvPack.Pack(s, ConvWeights.Forward(pw), pp);
            ConvDirect.Run(s, px, pp, bias == null ? null : pb, relu, py, Enum.Parse<TileKind>(kind));
        }
        return y;
    }
}
