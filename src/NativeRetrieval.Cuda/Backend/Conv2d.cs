using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend.Libraries;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>Filters lie in memory as cuDNN reads them, [O, k, k, I]: nothing is turned in a step.</remarks>
internal sealed partial class CudaBackend
{
    public void Conv2d(Tensor x, Tensor weight, Tensor y)
    {
        if (y.Count == 0) return;
        Convolutions.Run(ConvolutionDirection.Forward, ConvolutionShape.Of(x, weight.Shape),
            new(Activations(x), Operand(weight, x), Activations(y)));
    }

    public void Conv2dInputGradient(Tensor dy, Tensor weight, Tensor dx)
    {
        if (dx.Count == 0) return;
        Convolutions.Run(ConvolutionDirection.InputGradient, ConvolutionShape.Of(dx, weight.Shape),
            new(Activations(dx), Operand(weight, dx), Activations(dy)));
    }

    /// <remarks>
    /// cuDNN's version-7 functions know a filter gradient of bfloat16 maps in bfloat16 alone, summed in float32: it is widened.
    /// </remarks>
    public void Conv2dFilterGradient(Tensor dy, Tensor x, Tensor dWeight)
    {
        if (x.Count == 0)
        {
            device.Clear(dWeight.Address, dWeight.SizeBytes);
            return;
        }
        var shape = ConvolutionShape.Of(x, dWeight.Shape);
        if (!shape.IsBFloat16)
        {
            Convolutions.Run(ConvolutionDirection.FilterGradient, shape, new(F32(x), F32(dWeight), F32(dy)));
            return;
        }
        using var narrow = Tensor.Empty(dWeight.Shape, device, DType.BFloat16, dWeight.Layout);
        Convolutions.Run(ConvolutionDirection.FilterGradient, shape, new(x.Address, narrow.Address, Activations(dy)));
        Cast(narrow, dWeight);
    }

    /// <summary>The address of a parameter as an operand beside activations: the parameter, or its bfloat16 copy.</summary>
    nint Operand(Tensor parameter, Tensor activations) =>
        activations.DType == DType.BFloat16 && parameter.DType == DType.Float32 ? Copies.Of(parameter) : Activations(parameter);
}
