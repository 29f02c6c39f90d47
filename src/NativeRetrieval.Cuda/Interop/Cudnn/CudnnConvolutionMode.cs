namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Neural networks correlate: the filter is not flipped.</summary>
[NativeName("cudnnConvolutionMode_t")]
internal enum CudnnConvolutionMode
{
    [NativeName("CUDNN_CROSS_CORRELATION")] CrossCorrelation = 1,
}
