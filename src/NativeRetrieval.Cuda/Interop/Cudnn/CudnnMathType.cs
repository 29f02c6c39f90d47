namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>Whether tensor cores may be used, and whether float32 may be rounded for them.</summary>
[NativeName("cudnnMathType_t")]
internal enum CudnnMathType
{
    [NativeName("CUDNN_DEFAULT_MATH")] Default = 0,
    [NativeName("CUDNN_TENSOR_OP_MATH")] TensorOp = 1,
    [NativeName("CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION")] TensorOpAllowConversion = 2,
    [NativeName("CUDNN_FMA_MATH")] FusedMultiplyAdd = 3,
}
