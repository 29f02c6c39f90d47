using NativeRetrieval.Core.Cpu.Convolution;

namespace NativeRetrieval.Core.Tests.Cpu.Convolution;

public sealed unsafe class ConvWinogradTests
{
    const double Tolerance = 2e-6;

    public static TheoryData<string, int, int, int, int, int> Cases()
    {
        var data = new TheoryData<string, int, int, int, int, int>();
        foreach (TileKind kind in Enum.GetValues<TileKind>())
        {
            if (kind == TileKind.Avx2 && ConvTile.Best == TileKind.Portable) continue;
            foreach (var (n, i, o, h, w) in new[]
            {
                (1, 16, 32, 8, 8), (2, 24, 40, 7, 5), (1, 32, 16, 31, 2), (3, 40, 24, 1, 1), (1, 272, 32, 9, 4), (2, 16, 16, 61, 33),
            }) data.Add(kind.ToString(), n, i, o, h, w);
        }
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Forward_equals_the_definition(string kind, int n, int i, int o, int h, int w)
    {
        Forward<WinogradOf2, WinogradOf2>(new ConvShape(n, i, o, h, w, 3), kind);
        Forward<WinogradOf4, WinogradOf4>(new ConvShape(n, i, o, h, w, 3), kind);
        if (w <= 2) Forward<WinogradOf2, WinogradOfPair>(new ConvShape(n, i, o, h, w, 3), kind);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Input_gradient_equals_the_definition(string kind, int n, int i, int o, int h, int w)
    {
        Backward<WinogradOf2, WinogradOf2>(new ConvShape(n, i, o, h, w, 3), kind);
        Backward<WinogradOf4, WinogradOf4>(new ConvShape(n, i, o, h, w, 3), kind);
        if (w <= 2) Backward<WinogradOf2, WinogradOfPair>(new ConvShape(n, i, o, h, w, 3), kind);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Filter_gradient_equals_the_definition(string kind, int n, int i, int o, int h, int w)
    {
        Filter<WinogradOf2, WinogradOf2>(new ConvShape(n, i, o, h, w, 3), kind);
        Filter<WinogradOf4, WinogradOf4>(new ConvShape(n, i, o, h, w, 3), kind);
        if (w <= 2) Filter<WinogradOf2, WinogradOfPair>(new ConvShape(n, i, o, h, w, 3), kind);
    }

    [Fact]
    public void Filter_gradient_of_many_tiles_is_summed_from_several_ranges() =>
        Filter<WinogradOf2, WinogradOf2>(new ConvShape(2, 16, 32, 151, 21, 3), TileKind.Portable.ToString());

    static void Forward<TDown, TAcross>(ConvShape s, string kind)
        where TDown : struct, IWinogradForm where TAcross : struct, IWinogradForm
    {
        float[] x = ConvReference.Values(s.Batch * s.InChannels * (int)s.Plane, 1),
            weight = ConvReference.Values(s.OutChannels * s.InChannels * 9, 2);
        float[] bias = ConvReference.Values(s.OutChannels, 3), scale = ConvReference.Values(s.OutBlocks * 16, 4);
        double[] expected = ConvReference.Forward(s, x, weight);
        for (int e = 0; e < expected.Length; e++)
        {
            int c = e / (int)s.Plane % s.OutChannels;
            expected[e] = Math.Max(0, expected[e] * scale[c] + bias[c]);
        }
        var padded = new float[s.OutBlocks * 16];
        bias.CopyTo(padded, 0);
        float[] y = new float[s.Batch * s.OutImage], packed = new float[ConvWinograd<TDown, TAcross>.PackedFloats(s)];
        fixed (float* px = ConvReference.Block(x, s.Batch, s.InChannels, (int)s.Plane), pw = ConvReference.Kernels(s, weight), pp = packed,
            pb = padded, ps = scale, py = y)
        {
            ConvWinograd<TDown, TAcross>.Pack(s, ConvWeights.Forward(pw, ps), pp);
            ConvWinograd<TDown, TAcross>.Run(s, px, ConvWeights.Of(pp), pb, true, py, Enum.Parse<TileKind>(kind));
        }
        Assert.InRange(ConvReference.BlockedError(y, expected, s.Batch, s.OutChannels, (int)s.Plane), 0, Tolerance);

        // Kernels that are read where they are: the scale multiplies the result.
        fixed (float* px = ConvReference.Block(x, s.Batch, s.InChannels, (int)s.Plane), pw = ConvReference.Kernels(s, weight), pb = padded,
            ps = scale, py = y)
        {
            new Span<float>(py, y.Length).Fill(float.NaN);
            ConvWinograd<TDown, TAcross>.Run(s, px, ConvWeights.Forward(pw, ps), pb, true, py, Enum.Parse<TileKind>(kind));
        }
        Assert.InRange(ConvReference.BlockedError(y, expected, s.Batch, s.OutChannels, (int)s.Plane), 0, Tolerance);
    }

    static void Backward<TDown, TAcross>(ConvShape s, string kind)
        where TDown : struct, IWinogradForm where TAcross : struct, IWinogradForm
    {
        float[] dy = ConvReference.Values(s.Batch * s.OutChannels * (int)s.Plane, 1),
            weight = ConvReference.Values(s.OutChannels * s.InChannels * 9, 2);
        double[] expected = ConvReference.InputGradient(s, dy, weight);
        float[] dx = new float[s.Batch * s.InImage];
        fixed (float* pdy = ConvReference.Block(dy, s.Batch, s.OutChannels, (int)s.Plane), pw = ConvReference.Kernels(s, weight), pdx = dx)
            ConvWinograd<TDown, TAcross>.Run(s.Transposed, pdy, ConvWeights.Backward(pw), null, false, pdx, Enum.Parse<TileKind>(kind));
        Assert.InRange(ConvReference.BlockedError(dx, expected, s.Batch, s.InChannels, (int)s.Plane), 0, Tolerance);
    }

    static void Filter<TDown, TAcross>(ConvShape s, string kind)
        where TDown : struct, IWinogradForm where TAcross : struct, IWinogradForm
    {
        float[] x = ConvReference.Values(s.Batch * s.InChannels * (int)s.Plane, 1),
            dy = ConvReference.Values(s.Batch * s.OutChannels * (int)s.Plane, 2);
        float[] work = new float[ConvWinogradGradient<TDown, TAcross>.WorkFloats(s)], dw = new float[s.OutBlocks * s.KernelPanelFloats];
        fixed (float* px = ConvReference.Block(x, s.Batch, s.InChannels, (int)s.Plane),
            pdy = ConvReference.Block(dy, s.Batch, s.OutChannels, (int)s.Plane))
        fixed (float* pw = work, pdw = dw)
            ConvWinogradGradient<TDown, TAcross>.Run(s, px, pdy, pdw, pw, Enum.Parse<TileKind>(kind));
        Assert.InRange(ConvReference.Error(ConvReference.RowMajor(s, dw), ConvReference.FilterGradient(s, x, dy)), 0, Tolerance);
    }
}
