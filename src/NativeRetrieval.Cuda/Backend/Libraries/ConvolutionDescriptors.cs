using NativeRetrieval.Cuda.Interop.Cudnn;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>cuDNN's descriptors of the tensors of one shape, all of one type.</summary>
internal sealed class ConvolutionDescriptors(ConvolutionShape shape) : IDisposable
{
    public TensorHandle X { get; } = Maps(shape, shape.Clips, shape.Inputs, shape.Height, shape.Width);

    public FilterHandle W { get; } =
        FilterHandle.Create(CudnnTensorFormat.Nhwc, TypeOf(shape), shape.Outputs, shape.Inputs, shape.Kernel, shape.Kernel);

    public TensorHandle Y { get; } = Maps(shape, shape.Clips, shape.Outputs, shape.Height, shape.Width);

    public TensorHandle Bias { get; } = Maps(shape, 1, shape.Outputs, 1, 1);

    public void Dispose()
    {
        X.Dispose();
        W.Dispose();
        Y.Dispose();
        Bias.Dispose();
    }

    static CudnnDataType TypeOf(ConvolutionShape shape) => shape.IsBFloat16 ? CudnnDataType.BFloat16 : CudnnDataType.Float;

    static TensorHandle Maps(ConvolutionShape shape, int clips, int channels, int height, int width) =>
        TensorHandle.Create(CudnnTensorFormat.Nhwc, TypeOf(shape), clips, channels, height, width);
}
