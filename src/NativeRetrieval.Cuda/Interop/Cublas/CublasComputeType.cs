namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>What sums are kept in, and what inputs may be rounded to.</summary>
[NativeName("cublasComputeType_t")]
internal enum CublasComputeType
{
    [NativeName("CUBLAS_COMPUTE_32F")] Float32 = 68,
    [NativeName("CUBLAS_COMPUTE_32F_PEDANTIC")] Float32Pedantic = 69,
    [NativeName("CUBLAS_COMPUTE_64F")] Float64 = 70,
    [NativeName("CUBLAS_COMPUTE_32F_FAST_TF32")] Float32FastTf32 = 77,
}
