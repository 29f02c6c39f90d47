using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Kernels of a convolution: packed ahead for the algorithm that reads them, or in the layout of filters (<see cref="Layout.OIHW16o"/>),
/// read where they are.
/// </summary>
internal readonly unsafe struct ConvWeights
{
    readonly float* _kernels;
    readonly bool _isBackward;

    ConvWeights(float* packed, float* kernels, float* scale, bool isBackward)
    {
        Packed = packed;
        _kernels = kernels;
        Scale = scale;
        _isBackward = isBackward;
    }

    /// <summary>Weights in the order of the algorithm that reads them; null where they are read as they are.</summary>
    public float* Packed { get; }

    /// <summary>A factor for each output channel, padded to whole blocks; null: 1. It is part of packed weights.</summary>
    public float* Scale { get; }

    public static ConvWeights Of(float* packed) => new(packed, null, null, false);

    public static ConvWeights Forward(float* kernels, float* scale = null) => new(null, kernels, scale, false);

    /// <summary>Kernels of the forward convolution: input and output channels are exchanged and the taps reversed.</summary>
    public static ConvWeights Backward(float* kernels) => new(null, kernels, null, true);

    /// <summary>True where the kernels lie as <see cref="ConvDirect"/> reads them: one tap, or one input channel.</summary>
    public bool ArePacked(ConvShape s) => Packed != null
        || (!_isBackward && Scale == null && (s.SingleInput || (s.Taps == 1 && s.InChannels % ConvShape.Lanes == 0)));

    /// <summary>The kernels, which <see cref="ArePacked"/>.</summary>
    public float* Direct => Packed != null ? Packed : _kernels;

    /// <summary>
    /// One block of the convolution <paramref name="s"/> without the scale, channels that are missing zero: where it lies, or made in
    /// <paramref name="room"/>.
    /// </summary>
    public float* Block(ConvShape s, int panel, int block, BlockOrder order, float* room)
    {
        if (_isBackward)
        {
            ConvPack.BackwardBlock(s.Transposed, _kernels, panel, block, order, room);
            return room;
        }
        float* own = _kernels + panel * s.KernelPanelFloats + (nint)block * s.BlockFloats;
        if (order == BlockOrder.ByInput(s) && (block + 1) * s.InLanes <= s.InChannels) return own;
        ConvPack.ForwardBlock(s, own, block, order, room);
        return room;
    }
}

/// <summary>The order of a block's rows of 16 output channels: floats from one tap, and from one input channel, to the next.</summary>
internal readonly record struct BlockOrder(int TapFloats, int InFloats)
{
    /// <summary>[tap][in][16 out].</summary>
    public static BlockOrder ByTap(ConvShape s) => new(s.InLanes * ConvShape.Lanes, ConvShape.Lanes);

    /// <summary>[in][tap][16 out], the order of kernels.</summary>
    public static BlockOrder ByInput(ConvShape s) => new(ConvShape.Lanes, s.Taps * ConvShape.Lanes);
}
