namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>Attributes of a matrix.</summary>
[NativeName("cublasLtMatrixLayoutAttribute_t")]
internal enum LayoutAttribute
{
    [NativeName("CUBLASLT_MATRIX_LAYOUT_ORDER")] Order = 1,
    [NativeName("CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT")] BatchCount = 5,
    [NativeName("CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET")] BatchStride = 6,
}
