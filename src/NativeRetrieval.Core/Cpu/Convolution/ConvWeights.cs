namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Kernels of a convolution: packed ahead, as for inference, or plain [O, I, k, k], packed panel by panel where they are used. Weights that
/// change in every step are read once this way and never stored in a larger form.
/// </summary>
internal readonly unsafe struct ConvWeights
{
    ConvWeights(float* packed, float* plain, float* scale, bool backward)
    {
        Packed = packed;
        Plain = plain;
        Scale = scale;
        IsBackward = backward;
    }

    /// <summary>Weights in the order of the algorithm that reads them; null where they are plain.</summary>
    public float* Packed { get; }

    public float* Plain { get; }

    /// <summary>A factor for each output channel's weights; null: 1.</summary>
    public float* Scale { get; }

    /// <summary>
    /// The plain kernels are those of the forward convolution; input and output channels are exchanged and the taps reversed.
    /// </summary>
    bool IsBackward { get; }

    public static ConvWeights Of(float* packed) => new(packed, null, null, false);

    public static ConvWeights Forward(float* plain, float* scale = null) => new(null, plain, scale, false);

    public static ConvWeights Backward(float* plain) => new(null, plain, null, true);

    /// <summary>One block of plain kernels; <paramref name="s"/> is the convolution to be run.</summary>
    public void Block(ConvShape s, int panel, int block, BlockOrder order, float* to)
    {
        if (IsBackward) ConvPack.BackwardBlock(s.Transposed, Plain, panel, block, order, to);
        else ConvPack.ForwardBlock(s, Plain, Scale, panel, block, order, to);
    }
}

/// <summary>The order of a block's rows of 16 output channels: floats from one tap, and from one input channel, to the next.</summary>
internal readonly record struct BlockOrder(int TapFloats, int InFloats)
{
    /// <summary>[tap][in][16 out].</summary>
    public static BlockOrder ByTap(ConvShape s) => new(s.InLanes * ConvShape.Lanes, ConvShape.Lanes);

    /// <summary>[in][tap][16 out].</summary>
    public static BlockOrder ByInput(ConvShape s) => new(ConvShape.Lanes, s.Taps * ConvShape.Lanes);
}
