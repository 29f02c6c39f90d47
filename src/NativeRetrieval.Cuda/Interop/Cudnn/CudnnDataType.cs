namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Element types. A bfloat16 convolution takes BFloat16 tensors and computes in Float.</summary>
[NativeName("cudnnDataType_t")]
internal enum CudnnDataType
{
    [NativeName("CUDNN_DATA_FLOAT")] Float = 0,
    [NativeName("CUDNN_DATA_DOUBLE")] Double = 1,
    [NativeName("CUDNN_DATA_HALF")] Half = 2,
    [NativeName("CUDNN_DATA_BFLOAT16")] BFloat16 = 9,
}
