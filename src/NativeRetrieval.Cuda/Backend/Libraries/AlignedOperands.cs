using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// A convolution's operands at multiples of 16 bytes, which cuDNN's vector loads need: what lies elsewhere, such as the second clip of a
/// batch, is copied, and a result is copied to where it belongs.
/// </summary>
internal sealed class AlignedOperands : IDisposable
{
    const int Alignment = 16;

    readonly CudaDevice _device;
    readonly DType _dtype;
    readonly List<Tensor> _copies = [];
    (Tensor From, nint To)? _result;

    public AlignedOperands(ConvolutionDirection direction, ConvolutionShape shape, ConvolutionOperands operands, CudaDevice device)
    {
        (_device, _dtype) = (device, shape.IsBFloat16 ? DType.BFloat16 : DType.Float32);
        Operands = new(
            Place(operands.X, shape.InputElements, direction == ConvolutionDirection.InputGradient),
            Place(operands.W, shape.FilterElements, direction == ConvolutionDirection.FilterGradient),
            Place(operands.Y, shape.OutputElements,
                direction is not (ConvolutionDirection.InputGradient or ConvolutionDirection.FilterGradient)),
            Place(operands.Bias, shape.Outputs, isResult: false),
            Place(operands.Summand, shape.OutputElements, isResult: false));
    }

    public ConvolutionOperands Operands { get; }

    public static bool Suit(ConvolutionOperands operands) =>
        (operands.X | operands.W | operands.Y | operands.Bias | operands.Summand) % Alignment == 0;

    /// <summary>Copies a result that was computed elsewhere to its place.</summary>
    public void Finish()
    {
        if (_result is not var (from, to)) return;
        using var place = Tensor.Over(to, from.Shape, _device, _dtype);
        place.CopyFrom(from);
    }

    public void Dispose()
    {
        foreach (var copy in _copies) copy.Dispose();
    }

    nint Place(nint address, long count, bool isResult)
    {
        if (address % Alignment == 0) return address;
        var copy = Tensor.Empty([checked((int)count)], _device, _dtype);
        _copies.Add(copy);
        if (isResult) _result = (copy, address);
        else
        {
            using var values = Tensor.Over(address, copy.Shape, _device, _dtype);
            copy.CopyFrom(values);
        }
        return copy.Address;
    }
}
