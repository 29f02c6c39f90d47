using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.Libraries;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public Tensor PackedConv2dWeight(Tensor weight, Tensor scale, int width)
    {
        var packed = Tensor.EmptyLike(weight);
        Transpose(F32(weight), F32(scale), F32(packed), weight.Shape[0], weight.Shape[1], weight.Shape[2] * weight.Shape[3]);
        return packed;
    }

    public void PackedConv2d(Tensor x, PackedConvolution convolution, bool relu, Tensor y)
    {
        if (y.Count == 0) return;
        Convolutions.ForwardWithBias(ConvolutionShape.Of(x.Shape, convolution.WeightShape), F32(x), F32(convolution.Weight),
            F32(convolution.Bias), relu, F32(y));
    }
}
