namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>How a matrix lies in memory.</summary>
[NativeName("cublasLtOrder_t")]
internal enum MatrixOrder
{
    [NativeName("CUBLASLT_ORDER_COL")] Column = 0,
    [NativeName("CUBLASLT_ORDER_ROW")] Row = 1,
}
