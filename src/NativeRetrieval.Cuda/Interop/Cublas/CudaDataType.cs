namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>Element types of matrices.</summary>
[NativeName("cudaDataType")]
internal enum CudaDataType
{
    [NativeName("CUDA_R_32F")] Float32 = 0,
    [NativeName("CUDA_R_64F")] Float64 = 1,
    [NativeName("CUDA_R_16F")] Float16 = 2,
    [NativeName("CUDA_R_16BF")] BFloat16 = 14,
}
