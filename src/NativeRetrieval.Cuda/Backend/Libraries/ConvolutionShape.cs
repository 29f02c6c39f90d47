using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>The sizes of a convolution, all of them positive.</summary>
/// <param name="Inputs">Channels of the input x.</param>
/// <param name="Outputs">Channels of the output y.</param>
/// <param name="Kernel">Side k of the filters: 1, 3 or 5.</param>
internal readonly record struct ConvolutionShape(int Clips, int Inputs, int Outputs, int Height, int Width, int Kernel)
{
    /// <param name="x">Shape [N, I, H, W].</param>
    /// <param name="weight">Shape [O, I, k, k].</param>
    public static ConvolutionShape Of(Shape x, Shape weight) => new(x[0], weight[1], weight[0], x[2], x[3], weight[2]);
}
