namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>How a four-dimensional tensor lies in memory; NHWC is the fast one since Ampere.</summary>
[NativeName("cudnnTensorFormat_t")]
internal enum CudnnTensorFormat
{
    [NativeName("CUDNN_TENSOR_NCHW")] Nchw = 0,
    [NativeName("CUDNN_TENSOR_NHWC")] Nhwc = 1,
}
