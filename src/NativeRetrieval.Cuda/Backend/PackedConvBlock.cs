using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>The one kernel's channels, the rows and columns of its tiles, its bytes of shared memory.</summary>
    const int BlockChannels = 64, BlockRows = 8, BlockColumns = 64, BlockBytes = 207_952, BlockBytesInBFloat16 = 107_088;

    /// <summary>First blocks by their maps, and whether one kernel does them.</summary>
    readonly Dictionary<(Shape Maps, DType Type), bool> _blockInOne = [];

    /// <summary>Computes first blocks in one kernel wherever there is one, or nowhere; null: whichever way is faster.</summary>
    public bool? BlockByOneKernel { get; set; }

    public void PackedConvBlock(Tensor x, PackedConvolution first, PackedConvolution second, Tensor? lengths, Tensor y)
    {
        if (IsBlockInOne(x, first, second, lengths, y)) BlockInOne(x, first, second, lengths, y);
        else BlockByLibrary(x, first, second, lengths, y);
    }

    /// <summary>True where the own kernel is taken: it is timed against a convolution of the library between two other kernels.</summary>
    bool IsBlockInOne(Tensor x, PackedConvolution first, PackedConvolution second, Tensor? lengths, Tensor y)
    {
        bool isBFloat16 = y.DType == DType.BFloat16;
        if (first.WeightShape != [BlockChannels, 1, 3, 3] || second.WeightShape != [BlockChannels, BlockChannels, 3, 3]
            || (isBFloat16 ? BlockBytesInBFloat16 : BlockBytes) > device.Properties.SharedBytesPerBlock
            || (!isBFloat16 && device.Options.Precision == Precision.Float32))
            return false;
        if (BlockByOneKernel is { } forced) return forced;
        var maps = (x.Shape, y.DType);
        lock (_lock)
            if (_blockInOne.TryGetValue(maps, out bool known)) return known;
        bool inOne = Algorithms.Choose($"first block {x.Shape} {y.DType}", ["one kernel", "several"], way =>
            {
                if (way == 0) BlockInOne(x, first, second, lengths, y);
                else BlockByLibrary(x, first, second, lengths, y);
            }) == 0;
        lock (_lock) return _blockInOne[maps] = inOne;
    }

    void BlockInOne(Tensor x, PackedConvolution first, PackedConvolution second, Tensor? lengths, Tensor y)
    {
        int clips = x.Shape[0], frames = x.Shape[2], width = x.Shape[3];
        int tiles = checked(clips * Ceil(frames, BlockRows) * Ceil(width, BlockColumns));
        Launch("packed_conv_block", Stored(y, "packed_conv_block_forward_f32", "packed_conv_block_forward_bf16"),
            Math.Min(tiles, Multiprocessors), Block, y.DType == DType.BFloat16 ? BlockBytesInBFloat16 : BlockBytes,
            F32(x), F32(first.Weight), F32(first.Bias), Operand(second.Weight, y), F32(second.Bias), IntsOrNull(lengths), Activations(y),
            clips, frames, width);
    }

    void BlockByLibrary(Tensor x, PackedConvolution first, PackedConvolution second, Tensor? lengths, Tensor y)
    {
        int clips = x.Shape[0], frames = x.Shape[2], width = x.Shape[3];
        using var hidden = Tensor.Empty([clips, first.WeightShape[0], frames, width], device, y.DType, y.Layout);
        using var maps = Tensor.Empty([clips, second.WeightShape[0], frames, width], device, y.DType, y.Layout);
        ApplyFirst(new(hidden, first.Weight), x, first.Weight, 0, F32(first.Bias), 0, 0, lengths, relu: true, hidden);
        PackedConv2d(hidden, second, relu: true, null, maps);
        AvgPool2d(maps, 2, 2, lengths, y);
    }
}
