using System.Globalization;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>The sizes of a convolution, all of them positive, and the type of its feature maps and filters.</summary>
/// <param name="Inputs">Channels of the input x.</param>
/// <param name="Outputs">Channels of the output y.</param>
/// <param name="Kernel">Side k of the filters: 1, 3 or 5.</param>
/// <param name="IsBFloat16">True for bfloat16, false for float32.</param>
internal readonly record struct ConvolutionShape(
    int Clips, int Inputs, int Outputs, int Height, int Width, int Kernel, bool IsBFloat16 = false)
{
    public long Pixels => (long)Clips * Height * Width;

    public long InputElements => Pixels * Inputs;

    public long OutputElements => Pixels * Outputs;

    public long FilterElements => (long)Outputs * Inputs * Kernel * Kernel;

    /// <param name="x">Maps [N, I, H, W], whose type counts.</param>
    /// <param name="weight">Shape [O, I, k, k].</param>
    public static ConvolutionShape Of(Tensor x, Shape weight) =>
        new(x.Shape[0], weight[1], weight[0], x.Shape[2], x.Shape[3], weight[2], x.DType == DType.BFloat16);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Clips}x{Inputs}x{Outputs}x{Height}x{Width}x{Kernel} {(IsBFloat16 ? "bf16" : "f32")}");
}
