namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>Attributes of a matrix product.</summary>
[NativeName("cublasLtMatmulDescAttributes_t")]
internal enum MatmulAttribute
{
    [NativeName("CUBLASLT_MATMUL_DESC_TRANSA")] TransposeA = 3,
    [NativeName("CUBLASLT_MATMUL_DESC_TRANSB")] TransposeB = 4,
    [NativeName("CUBLASLT_MATMUL_DESC_EPILOGUE")] Epilogue = 7,
    [NativeName("CUBLASLT_MATMUL_DESC_BIAS_POINTER")] BiasPointer = 8,
    [NativeName("CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER")] EpilogueAuxPointer = 11,
    [NativeName("CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD")] EpilogueAuxLeadingDimension = 12,
    [NativeName("CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE")] EpilogueAuxBatchStride = 13,
    [NativeName("CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET")] MultiprocessorTarget = 15,
    [NativeName("CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE")] BiasDataType = 26,
}
