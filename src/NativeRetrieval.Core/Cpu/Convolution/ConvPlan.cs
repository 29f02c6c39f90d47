namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// The algorithm of a convolution. The choice depends on channels and width alone, never on the number of clips or frames: a clip's result
/// has the same bits in any batch.
/// </summary>
internal abstract unsafe class ConvPlan
{
    /// <summary>Channels on either side below which the transforms cost more than the products they save.</summary>
    const int WinogradChannels = 16;

    static readonly ConvPlan _direct = new DirectPlan();
    static readonly ConvPlan _winograd = new WinogradPlan<WinogradOf4, WinogradOf4>();

    /// <summary>F(2, 3) down and a pair of pixels across: maps at most two wide.</summary>
    static readonly ConvPlan _winogradPair = new WinogradPlan<WinogradOf2, WinogradOfPair>();

    public static ConvPlan For(ConvShape s) =>
        s.Kernel != 3 || Math.Min(s.InChannels, s.OutChannels) < WinogradChannels ? _direct
        : s.Width <= 2 ? _winogradPair : _winograd;

    /// <summary>Floats of the weights in the order in which <see cref="Run"/> reads them.</summary>
    public abstract nint PackedFloats(ConvShape s);

    public abstract void Pack(ConvShape s, ConvWeights weights, float* packed);

    /// <summary>y = relu?(x ∗ w + bias); <paramref name="bias"/> is padded to whole panels, or null.</summary>
    public abstract void Run(ConvShape s, float* x, ConvWeights weights, float* bias, bool relu, float* y);

    /// <summary>
    /// True where <see cref="Run"/> takes kernels as they are: it is hardly faster with packed ones, which take more memory.
    /// </summary>
    public abstract bool ReadsInPlace(ConvShape s, ConvWeights weights);

    /// <summary>Floats that <see cref="RunOnce"/> needs.</summary>
    public nint RunOnceFloats(ConvShape s, ConvWeights weights) => ReadsInPlace(s, weights) ? 0 : PackedFloats(s);

    /// <summary>y = x ∗ w with weights that are used this once; <paramref name="work"/> holds <see cref="RunOnceFloats"/>.</summary>
    public void RunOnce(ConvShape s, float* x, ConvWeights weights, float* y, float* work)
    {
        if (!ReadsInPlace(s, weights))
        {
            Pack(s, weights, work);
            weights = ConvWeights.Of(work);
        }
        Run(s, x, weights, null, relu: false, y);
    }

    /// <summary>Floats that <see cref="FilterGradient"/> needs.</summary>
    public abstract nint FilterGradientFloats(ConvShape s);

    /// <summary>
    /// Gradient of the kernels, in the layout of filters; <paramref name="work"/> holds <see cref="FilterGradientFloats"/>.
    /// </summary>
    public abstract void FilterGradient(ConvShape s, float* x, float* dy, float* dWeight, float* work);

    /// <summary>The definition, tile by tile.</summary>
    sealed class DirectPlan : ConvPlan
    {
        public override nint PackedFloats(ConvShape s) => s.PackedFloats;

        public override void Pack(ConvShape s, ConvWeights weights, float* packed) => ConvPack.Pack(s, weights, packed);

        public override void Run(ConvShape s, float* x, ConvWeights weights, float* bias, bool relu, float* y) =>
            ConvDirect.Run(s, x, weights.Direct, bias, relu, y, ConvTile.Best);

        public override bool ReadsInPlace(ConvShape s, ConvWeights weights) => weights.ArePacked(s);

        public override nint FilterGradientFloats(ConvShape s) => ConvFilterGradient.WorkFloats(s);

        public override void FilterGradient(ConvShape s, float* x, float* dy, float* dWeight, float* work) =>
            ConvFilterGradient.Run(s, x, dy, dWeight, work, ConvTile.Best);
    }

    sealed class WinogradPlan<TDown, TAcross> : ConvPlan where TDown : struct, IWinogradForm where TAcross : struct, IWinogradForm
    {
        /// <summary>
        /// Transformed weights up to this size stay in the last-level cache and are made ahead. Larger ones, up to four times as large as
        /// the kernels, would come from memory: the kernels are read, and transformed as they are used.
        /// </summary>
        const int AheadFloats = 37 * 256 * 256;

        public override nint PackedFloats(ConvShape s) => ConvWinograd<TDown, TAcross>.PackedFloats(s);

        public override void Pack(ConvShape s, ConvWeights weights, float* packed) => ConvWinograd<TDown, TAcross>.Pack(s, weights, packed);

        public override void Run(ConvShape s, float* x, ConvWeights weights, float* bias, bool relu, float* y) =>
            ConvWinograd<TDown, TAcross>.Run(s, x, weights, bias, relu, y, ConvTile.Best);

        public override bool ReadsInPlace(ConvShape s, ConvWeights weights) => PackedFloats(s) > AheadFloats;

        public override nint FilterGradientFloats(ConvShape s) => ConvWinogradGradient<TDown, TAcross>.WorkFloats(s);

        public override void FilterGradient(ConvShape s, float* x, float* dy, float* dWeight, float* work) =>
            ConvWinogradGradient<TDown, TAcross>.Run(s, x, dy, dWeight, work, ConvTile.Best);
    }
}
