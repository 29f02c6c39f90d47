namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>Only the heuristic choice is left since Ampere.</summary>
[NativeName("cublasGemmAlgo_t")]
internal enum CublasGemmAlgorithm
{
    [NativeName("CUBLAS_GEMM_DEFAULT")] Default = -1,
}
