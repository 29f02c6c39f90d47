using NativeRetrieval.Cuda.Interop.Cudnn;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>cuDNN's descriptors of one shape, and the algorithms chosen so far.</summary>
internal sealed class ConvolutionDescriptors(ConvolutionShape shape, bool allowTf32) : IDisposable
{
    public ConvolutionShape Shape => shape;

    public TensorHandle X { get; } = Maps(shape.Clips, shape.Inputs, shape.Height, shape.Width);

    public FilterHandle W { get; } =
        FilterHandle.Create(CudnnTensorFormat.Nhwc, CudnnDataType.Float, shape.Outputs, shape.Inputs, shape.Kernel, shape.Kernel);

    public TensorHandle Y { get; } = Maps(shape.Clips, shape.Outputs, shape.Height, shape.Width);

    public TensorHandle Bias { get; } = Maps(1, shape.Outputs, 1, 1);

    /// <summary>The default math rounds float32 to TF32 for tensor cores.</summary>
    public ConvolutionHandle Convolution { get; } = ConvolutionHandle.Create(
        shape.Kernel / 2, 1, CudnnDataType.Float, allowTf32 ? CudnnMathType.Default : CudnnMathType.FusedMultiplyAdd);

    public (CudnnForwardAlgorithm Algorithm, nuint WorkspaceBytes)? Forward { get; set; }

    public (CudnnForwardAlgorithm Algorithm, nuint WorkspaceBytes)? Precomputed { get; set; }

    public (CudnnInputGradientAlgorithm Algorithm, nuint WorkspaceBytes)? InputGradient { get; set; }

    public (CudnnFilterGradientAlgorithm Algorithm, nuint WorkspaceBytes)? FilterGradient { get; set; }

    public void Dispose()
    {
        X.Dispose();
        W.Dispose();
        Y.Dispose();
        Bias.Dispose();
        Convolution.Dispose();
    }

    static TensorHandle Maps(int clips, int channels, int height, int width) =>
        TensorHandle.Create(CudnnTensorFormat.Nhwc, CudnnDataType.Float, clips, channels, height, width);
}
