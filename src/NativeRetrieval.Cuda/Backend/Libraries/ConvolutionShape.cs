using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>Sizes of a convolution; all of them are positive.</summary>
/// <param name="Inputs">Channels of x.</param>
/// <param name="Outputs">Channels of y.</param>
/// <param name="Kernel">Side of the filters: 1, 3 or 5.</param>
internal readonly record struct ConvolutionShape(int Clips, int Inputs, int Outputs, int Height, int Width, int Kernel)
{
    /// <param name="x">[N, I, H, W].</param>
    /// <param name="weight">[O, I, k, k].</param>
    public static ConvolutionShape Of(Shape x, Shape weight) => new(x[0], weight[1], weight[0], x[2], x[3], weight[2]);
}
