using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Padding, stride and compute type of a convolution.</summary>
[NativeName("cudnnConvolutionDescriptor_t")]
internal sealed class ConvolutionHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <summary>A cross-correlation without dilation, in one padding and stride for both axes.</summary>
    /// <param name="compute">Float also where the tensors are bfloat16 or half.</param>
    public static ConvolutionHandle Create(int padding, int stride, CudnnDataType compute, CudnnMathType math)
    {
        cudnnCreateConvolutionDescriptor(out nint value).ThrowIfFailed();
        var convolution = new ConvolutionHandle(value);
        cudnnSetConvolution2dDescriptor(convolution, padding, padding, stride, stride, 1, 1, CudnnConvolutionMode.CrossCorrelation, compute).ThrowIfFailed();
        cudnnSetConvolutionMathType(convolution, math).ThrowIfFailed();
        return convolution;
    }

    protected override bool ReleaseHandle() => cudnnDestroyConvolutionDescriptor(handle) == CudnnStatus.Success;
}

/// <summary>Neural networks correlate: the filter is not flipped.</summary>
[NativeName("cudnnConvolutionMode_t")]
internal enum CudnnConvolutionMode
{
    [NativeName("CUDNN_CROSS_CORRELATION")] CrossCorrelation = 1,
}

/// <summary>Whether tensor cores may be used, and whether float32 may be rounded for them.</summary>
[NativeName("cudnnMathType_t")]
internal enum CudnnMathType
{
    [NativeName("CUDNN_DEFAULT_MATH")] Default = 0,
    [NativeName("CUDNN_TENSOR_OP_MATH")] TensorOp = 1,
    [NativeName("CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION")] TensorOpAllowConversion = 2,
    [NativeName("CUDNN_FMA_MATH")] FusedMultiplyAdd = 3,
}
