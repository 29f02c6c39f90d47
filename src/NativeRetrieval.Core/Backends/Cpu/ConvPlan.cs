namespace NativeRetrieval.Core.Backends.Cpu;

/// <summary>
/// Chooses and runs the algorithm of a convolution. The choice depends on channels and width alone, never on the number of clips or frames:
/// a clip's result has the same bits in any batch.
/// </summary>
internal static unsafe class ConvPlan
{
    /// <summary>Below this many channels on either side the transforms cost more than the products they save.</summary>
    const int WinogradChannels = 32;

    public static ConvAlgorithm Choose(ConvShape s)
    {
        if (s.Kernel != 3 || Math.Min(s.InChannels, s.OutChannels) < WinogradChannels) return ConvAlgorithm.Direct;
        // Maps of one or two pixels would fill half a 4x4 tile, and their weights (the widest layers) would grow fourfold.
        return s.Width <= 2 ? ConvAlgorithm.Winograd2 : ConvAlgorithm.Winograd4;
    }

    public static nint PackedFloats(ConvShape s, ConvAlgorithm algorithm) => algorithm switch
    {
        ConvAlgorithm.Winograd2 => ConvWinograd<WinogradOf2>.PackedFloats(s),
        ConvAlgorithm.Winograd4 => ConvWinograd<WinogradOf4>.PackedFloats(s),
        _ => s.PackedFloats,
    };

    /// <summary>Weights of the forward pass, [O, I, k, k] in; <paramref name="scale"/> multiplies an output channel's weights (null: 1).</summary>
    public static void PackForward(ConvShape s, ConvAlgorithm algorithm, float* weight, float* scale, float* packed)
    {
        if (algorithm == ConvAlgorithm.Winograd2) ConvWinograd<WinogradOf2>.PackForward(s, weight, scale, packed);
        else if (algorithm == ConvAlgorithm.Winograd4) ConvWinograd<WinogradOf4>.PackForward(s, weight, scale, packed);
        else ConvPack.Forward(s, weight, scale, packed);
    }

    /// <summary>Weights of the backward pass, to be run with <c>s.Transposed</c>.</summary>
    public static void PackBackward(ConvShape s, ConvAlgorithm algorithm, float* weight, float* packed)
    {
        if (algorithm == ConvAlgorithm.Winograd2) ConvWinograd<WinogradOf2>.PackBackward(s, weight, packed);
        else if (algorithm == ConvAlgorithm.Winograd4) ConvWinograd<WinogradOf4>.PackBackward(s, weight, packed);
        else ConvPack.Backward(s, weight, packed);
    }

    /// <summary>y = relu?(x ∗ w + bias); <paramref name="bias"/> is padded to whole panels, or null.</summary>
    public static void Run(ConvShape s, ConvAlgorithm algorithm, float* x, float* packed, float* bias, bool relu, float* y)
    {
        if (algorithm == ConvAlgorithm.Winograd2) ConvWinograd<WinogradOf2>.Run(s, x, packed, bias, relu, y, ConvTile.Best);
        else if (algorithm == ConvAlgorithm.Winograd4) ConvWinograd<WinogradOf4>.Run(s, x, packed, bias, relu, y, ConvTile.Best);
        else ConvDirect.Run(s, x, packed, bias, relu, y, ConvTile.Best);
    }

    /// <summary>Floats of working memory for <see cref="FilterGradient"/>.</summary>
    public static nint FilterGradientFloats(ConvShape s, ConvAlgorithm algorithm) => algorithm switch
    {
        ConvAlgorithm.Winograd2 => ConvWinogradGradient<WinogradOf2>.SumFloats(s),
        ConvAlgorithm.Winograd4 => ConvWinogradGradient<WinogradOf4>.SumFloats(s),
        _ => 0,
    };

    /// <summary>Gradient of the kernels in the order of <see cref="ConvPack.Forward"/>.</summary>
    public static void FilterGradient(ConvShape s, ConvAlgorithm algorithm, float* x, float* dy, float* packed, float* work)
    {
        if (algorithm == ConvAlgorithm.Winograd2) ConvWinogradGradient<WinogradOf2>.Run(s, x, dy, packed, work, ConvTile.Best);
        else if (algorithm == ConvAlgorithm.Winograd4) ConvWinogradGradient<WinogradOf4>.Run(s, x, dy, packed, work, ConvTile.Best);
        else ConvFilterGradient.Run(s, x, dy, packed, ConvTile.Best);
    }
}
