using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

/// <remarks>The operations one after the other.</remarks>
internal sealed partial class CpuBackend
{
    public void PackedConvBlock(Tensor x, PackedConvolution first, PackedConvolution second, Tensor? lengths, Tensor y)
    {
        using var maps = Maps();
        AvgPool2d(maps, 2, 2, lengths, y);

        // Pooling leaves out the frames behind a clip's own itself, and needs none of the maps between the convolutions.
        Tensor Maps()
        {
            using var hidden = Op.PackedConv2d(x, first, relu: true, lengths: lengths);
            return Op.PackedConv2d(hidden, second, relu: true);
        }
    }
}
