using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

/// <remarks>The operations one after the other.</remarks>
internal sealed partial class CpuBackend
{
    public void PackedConvBlock(Tensor x, PackedConvolution first, PackedConvolution second, Tensor? lengths, Tensor y)
    {
        using var hidden = Op.PackedConv2d(x, first, relu: true, lengths: lengths);
        // Pooling leaves out the frames behind a clip's own itself.
        using var maps = Op.PackedConv2d(hidden, second, relu: true);
        AvgPool2d(maps, 2, 2, lengths, y);
    }
}
