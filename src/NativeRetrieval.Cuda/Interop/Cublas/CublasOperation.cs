namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>op(A): A or its transpose.</summary>
[NativeName("cublasOperation_t")]
internal enum CublasOperation
{
    [NativeName("CUBLAS_OP_N")] None = 0,
    [NativeName("CUBLAS_OP_T")] Transpose = 1,
}
