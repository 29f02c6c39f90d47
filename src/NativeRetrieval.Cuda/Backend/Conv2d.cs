using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.Libraries;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>
/// A filter [O, I, k, k] is turned to [O, k, k, I] for each use: training changes it in every step, inference packs it once.
/// </remarks>
internal sealed partial class CudaBackend
{
    public void Conv2d(Tensor x, Tensor weight, Tensor y)
    {
        if (y.Count == 0) return;
        using var w = ChannelsLast(weight);
        Convolutions.Forward(ConvolutionShape.Of(x.Shape, weight.Shape), F32(x), F32(w), F32(y));
    }

    public void Conv2dInputGradient(Tensor dy, Tensor weight, Tensor dx)
    {
        if (dx.Count == 0) return;
        using var w = ChannelsLast(weight);
        Convolutions.InputGradient(ConvolutionShape.Of(dx.Shape, weight.Shape), F32(dy), F32(w), F32(dx));
    }

    public void Conv2dFilterGradient(Tensor dy, Tensor x, Tensor dWeight)
    {
        if (x.Count == 0)
        {
            device.Clear(dWeight.Address, dWeight.SizeBytes);
            return;
        }
        var shape = ConvolutionShape.Of(x.Shape, dWeight.Shape);
        if (IsSameEitherWay(dWeight.Shape))
        {
            Convolutions.FilterGradient(shape, F32(x), F32(dy), F32(dWeight));
            return;
        }
        using var dw = Tensor.EmptyLike(dWeight);
        Convolutions.FilterGradient(shape, F32(x), F32(dy), F32(dw));
        Transpose(F32(dw), 0, F32(dWeight), shape.Outputs, shape.Kernel * shape.Kernel, shape.Inputs);
    }

    /// <summary>The filters as [O, k, k, I], in memory of their own or, where that is the same, their own memory.</summary>
    Tensor ChannelsLast(Tensor weight)
    {
        if (IsSameEitherWay(weight.Shape)) return weight.Share();
        var turned = Tensor.EmptyLike(weight);
        Transpose(F32(weight), 0, F32(turned), weight.Shape[0], weight.Shape[1], weight.Shape[2] * weight.Shape[3]);
        return turned;
    }

    static bool IsSameEitherWay(Shape weight) => weight[1] == 1 || weight[2] == 1;
}
