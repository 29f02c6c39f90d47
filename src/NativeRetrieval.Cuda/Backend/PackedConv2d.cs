using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.Libraries;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public Tensor? PackedConv2dWeight(Tensor weight, Tensor scale, int width)
    {
        var packed = Tensor.EmptyLike(weight);
        int filters = weight.Shape[0];
        Launch("packed_conv2d", "packed_conv2d_weight_f32", (Math.Min(filters, GridLimit), 1, 1), Block, 0,
            F32(weight), F32(scale), F32(packed), filters, weight.Count / filters);
        return packed;
    }

    public void PackedConv2d(Tensor x, PackedConvolution convolution, bool relu, Tensor? summand, Tensor y)
    {
        if (y.Count == 0) return;
        Convolutions.Run(summand is not null ? ConvolutionDirection.ForwardWithSumAndRelu
                : relu ? ConvolutionDirection.ForwardWithBiasAndRelu : ConvolutionDirection.ForwardWithBias,
            ConvolutionShape.Of(x, convolution.WeightShape),
            new(Activations(x), Operand(convolution.Weight, x), Activations(y), Operand(convolution.Bias, x),
                summand is null ? 0 : Activations(summand)));
    }
}
