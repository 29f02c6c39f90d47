namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Chooses and runs the algorithm of a convolution. The choice depends on channels and width alone, never on the number of clips or frames:
/// a clip's result has the same bits in any batch.
/// </summary>
internal static unsafe class ConvPlan
{
    /// <summary>Below this many channels on either side the transforms cost more than the products they save.</summary>
    const int WinogradChannels = 16;
    /// <summary>Transformed weights up to this size stay in the last-level cache and are made ahead; larger ones panel by panel as they are used.</summary>
    const int AheadFloats = 36 * 256 * 256;

    public static ConvAlgorithm Choose(ConvShape s) =>
        s.Kernel != 3 || Math.Min(s.InChannels, s.OutChannels) < WinogradChannels ? ConvAlgorithm.Direct
        : s.Width <= 2 ? ConvAlgorithm.WinogradPair : ConvAlgorithm.Winograd;

    public static nint PackedFloats(ConvShape s, ConvAlgorithm algorithm) => algorithm switch
    {
        ConvAlgorithm.Winograd => ConvWinograd<WinogradOf4, WinogradOf4>.PackedFloats(s),
        ConvAlgorithm.WinogradPair => ConvWinograd<WinogradOf2, WinogradOfPair>.PackedFloats(s),
        _ => s.PackedFloats,
    };

    /// <summary>Floats that <see cref="RunOnce"/> needs.</summary>
    public static nint RunOnceFloats(ConvShape s, ConvAlgorithm algorithm) =>
        PackedFloats(s, algorithm) is var floats && (algorithm == ConvAlgorithm.Direct || floats <= AheadFloats) ? floats : 0;

    public static void Pack(ConvShape s, ConvAlgorithm algorithm, ConvWeights weights, float* packed)
    {
        if (algorithm == ConvAlgorithm.Winograd) ConvWinograd<WinogradOf4, WinogradOf4>.Pack(s, weights, packed);
        else if (algorithm == ConvAlgorithm.WinogradPair) ConvWinograd<WinogradOf2, WinogradOfPair>.Pack(s, weights, packed);
        else ConvPack.Pack(s, weights, packed);
    }

    /// <summary>y = relu?(x ∗ w + bias); <paramref name="bias"/> is padded to whole panels, or null. The direct algorithm takes packed weights.</summary>
    public static void Run(ConvShape s, ConvAlgorithm algorithm, float* x, ConvWeights weights, float* bias, bool relu, float* y)
    {
        if (algorithm == ConvAlgorithm.Winograd) ConvWinograd<WinogradOf4, WinogradOf4>.Run(s, x, weights, bias, relu, y, ConvTile.Best);
        else if (algorithm == ConvAlgorithm.WinogradPair) ConvWinograd<WinogradOf2, WinogradOfPair>.Run(s, x, weights, bias, relu, y, ConvTile.Best);
        else ConvDirect.Run(s, x, weights.Packed, bias, relu, y, ConvTile.Best);
    }

    /// <summary>y = x ∗ w with weights that are used this once; <paramref name="work"/> holds <see cref="RunOnceFloats"/>.</summary>
    public static void RunOnce(ConvShape s, ConvAlgorithm algorithm, float* x, ConvWeights weights, float* y, float* work)
    {
        if (RunOnceFloats(s, algorithm) > 0)
        {
            Pack(s, algorithm, weights, work);
            weights = ConvWeights.Of(work);
        }
        Run(s, algorithm, x, weights, null, relu: false, y);
    }

    /// <summary>Floats that <see cref="FilterGradient"/> needs.</summary>
    public static nint FilterGradientFloats(ConvShape s, ConvAlgorithm algorithm) => algorithm switch
    {
        ConvAlgorithm.Winograd => ConvWinogradGradient<WinogradOf4, WinogradOf4>.WorkFloats(s),
        ConvAlgorithm.WinogradPair => ConvWinogradGradient<WinogradOf2, WinogradOfPair>.WorkFloats(s),
        _ => ConvFilterGradient.WorkFloats(s),
    };

    /// <summary>Gradient of the kernels, [O, I, k, k]; <paramref name="work"/> holds <see cref="FilterGradientFloats"/>.</summary>
    public static void FilterGradient(ConvShape s, ConvAlgorithm algorithm, float* x, float* dy, float* dWeight, float* work)
    {
        if (algorithm == ConvAlgorithm.Winograd) ConvWinogradGradient<WinogradOf4, WinogradOf4>.Run(s, x, dy, dWeight, work, ConvTile.Best);
        else if (algorithm == ConvAlgorithm.WinogradPair) ConvWinogradGradient<WinogradOf2, WinogradOfPair>.Run(s, x, dy, dWeight, work, ConvTile.Best);
        else ConvFilterGradient.Run(s, x, dy, dWeight, work, ConvTile.Best);
    }
}
