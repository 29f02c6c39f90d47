namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Sizes of a convolution with stride 1 that keeps height and width: a 5x5 kernel with a border of two zero pixels, 3x3 with one, or 1x1.
/// Feature maps are [N, ⌈C/16⌉, H, W, 16]; a single input channel is stored plainly as [N, H, W] unless <see cref="BlockedSingle"/> says
/// otherwise.
/// </summary>
internal readonly record struct ConvShape(int Batch, int InChannels, int OutChannels, int Height, int Width, int Kernel)
{
    public const int Lanes = 16;

    /// <summary>A single input channel is stored in a block like any other number.</summary>
    public bool BlockedSingle { get; init; }

    /// <summary>The input is one plain channel.</summary>
    public bool SingleInput => InChannels == 1 && !BlockedSingle;
    public int InBlocks => (InChannels + Lanes - 1) / Lanes;
    public int OutBlocks => (OutChannels + Lanes - 1) / Lanes;
    public int Taps => Kernel * Kernel;
    public int Border => Kernel / 2;
    /// <summary>Rows of all images together.</summary>
    public int Rows => Batch * Height;
    public nint Plane => (nint)Height * Width;
    /// <summary>Floats of one input pixel of one block.</summary>
    public int InLanes => SingleInput ? 1 : Lanes;
    /// <summary>Floats between two images of the input.</summary>
    public nint InImage => Plane * InBlocks * InLanes;
    public nint OutImage => Plane * OutBlocks * Lanes;
    /// <summary>Packed weights of one panel and one input block: [tap][input lane][16].</summary>
    public nint BlockFloats => (nint)Taps * InLanes * Lanes;
    /// <summary>Packed weights of one panel of 16 output channels: [input block][tap][input lane][16].</summary>
    public nint PanelFloats => InBlocks * BlockFloats;
    public nint PackedFloats => PanelFloats * OutBlocks;
    /// <summary>Kernels of one panel in the layout of filters: [input channel][tap][16].</summary>
    public nint KernelPanelFloats => (nint)InChannels * Taps * Lanes;

    /// <summary>The convolution that carries gradients of the output back to the input.</summary>
    public ConvShape Transposed => this with { InChannels = OutChannels, OutChannels = InChannels, BlockedSingle = true };
}
