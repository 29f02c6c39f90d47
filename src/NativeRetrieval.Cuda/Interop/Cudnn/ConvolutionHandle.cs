using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>The description of a convolution: padding, stride and compute type.</summary>
[NativeName("cudnnConvolutionDescriptor_t")]
internal sealed class ConvolutionHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <summary>A cross-correlation without dilation; padding and stride hold for both axes.</summary>
    /// <param name="compute">The type of the sums: Float also where the tensors are bfloat16 or half.</param>
    public static ConvolutionHandle Create(int padding, int stride, CudnnDataType compute, CudnnMathType math)
    {
        cudnnCreateConvolutionDescriptor(out nint value).ThrowIfFailed();
        var convolution = new ConvolutionHandle(value);
        cudnnSetConvolution2dDescriptor(convolution, padding, padding, stride, stride, 1, 1, CudnnConvolutionMode.CrossCorrelation, compute)
            .ThrowIfFailed();
        cudnnSetConvolutionMathType(convolution, math).ThrowIfFailed();
        return convolution;
    }

    protected override bool ReleaseHandle() => cudnnDestroyConvolutionDescriptor(handle) == CudnnStatus.Success;
}

/// <summary>The direction in which a filter is applied: neural networks correlate, the filter is not flipped.</summary>
[NativeName("cudnnConvolutionMode_t")]
internal enum CudnnConvolutionMode
{
    [NativeName("CUDNN_CROSS_CORRELATION")] CrossCorrelation = 1,
}

/// <summary>The use of tensor cores: none, or with or without rounding of float32.</summary>
[NativeName("cudnnMathType_t")]
internal enum CudnnMathType
{
    [NativeName("CUDNN_DEFAULT_MATH")] Default = 0,
    [NativeName("CUDNN_TENSOR_OP_MATH")] TensorOp = 1,
    [NativeName("CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION")] TensorOpAllowConversion = 2,
    [NativeName("CUDNN_FMA_MATH")] FusedMultiplyAdd = 3,
}
