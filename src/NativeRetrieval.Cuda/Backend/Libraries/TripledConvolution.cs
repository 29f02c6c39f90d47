using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// A float32 convolution as a TF32 one over three times as many terms, with both operands split (<see cref="SplitOrder"/>): channels of
/// the input in the forward pass, channels of the output in the input gradient, clips in the filter gradient. It has float32's accuracy
/// at a third of the tensor cores' speed, for three times the operands' memory while it runs.
/// </summary>
internal static class TripledConvolution
{
    const int Parts = 3;

    public static ConvolutionShape Of(ConvolutionDirection direction, ConvolutionShape shape) => direction switch
    {
        ConvolutionDirection.InputGradient => shape with { Outputs = checked(Parts * shape.Outputs) },
        ConvolutionDirection.FilterGradient => shape with { Clips = checked(Parts * shape.Clips) },
        _ => shape with { Inputs = checked(Parts * shape.Inputs) },
    };

    /// <summary>Bytes of the split operands.</summary>
    public static long Bytes(ConvolutionDirection direction, ConvolutionShape shape) => Parts * sizeof(float) * (direction switch
    {
        ConvolutionDirection.InputGradient => shape.OutputElements + shape.FilterElements,
        ConvolutionDirection.FilterGradient => shape.InputElements + shape.OutputElements,
        _ => shape.InputElements + shape.FilterElements,
    });

    /// <summary>Splits both operands; the caller frees them.</summary>
    public static (Tensor Left, Tensor Right, ConvolutionOperands Operands) Split(ConvolutionDirection direction, ConvolutionShape shape,
        ConvolutionOperands operands, CudaDevice device, SplitKernel split)
    {
        switch (direction)
        {
            case ConvolutionDirection.InputGradient:
                var (dy, filters) = (Make(operands.Y, shape.Pixels, shape.Outputs, SplitOrder.HighHighLow),
                    Make(operands.W, 1, shape.FilterElements, SplitOrder.HighLowHigh));
                return (dy, filters, operands with { Y = dy.Address, W = filters.Address });
            case ConvolutionDirection.FilterGradient:
                var (maps, gradients) = (Make(operands.X, 1, shape.InputElements, SplitOrder.HighHighLow),
                    Make(operands.Y, 1, shape.OutputElements, SplitOrder.HighLowHigh));
                return (maps, gradients, operands with { X = maps.Address, Y = gradients.Address });
            default:
                var (x, w) = (Make(operands.X, shape.Pixels, shape.Inputs, SplitOrder.HighHighLow),
                    Make(operands.W, shape.FilterElements / shape.Inputs, shape.Inputs, SplitOrder.HighLowHigh));
                return (x, w, operands with { X = x.Address, W = w.Address });
        }

        Tensor Make(nint values, long rows, long columns, SplitOrder order)
        {
            var parts = Tensor.Empty([Parts, checked((int)(rows * columns))], device);
            split(values, parts.Address, rows, columns, order);
            return parts;
        }
    }
}
