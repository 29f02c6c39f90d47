using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>The description of a matrix product: operations, epilogue, compute type.</summary>
[NativeName("cublasLtMatmulDesc_t")]
internal sealed class MatmulHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <param name="scale">Type of alpha and beta: float32 with float32 compute types, whatever the matrices are.</param>
    public static MatmulHandle Create(CublasComputeType compute, CudaDataType scale)
    {
        cublasLtMatmulDescCreate(out nint description, compute, scale).ThrowIfFailed();
        return new(description);
    }

    /// <typeparam name="T">A type of exactly the attribute's width.</typeparam>
    public unsafe void Set<T>(MatmulAttribute attribute, T value) where T : unmanaged
    {
        LtAttributes.RequireWidth(attribute.ToString(), LtAttributes.SizeBytes(attribute), sizeof(T));
        cublasLtMatmulDescSetAttribute(this, attribute, &value, (nuint)sizeof(T))
            .ThrowIfFailed($"cublasLtMatmulDescSetAttribute({attribute}, {value})");
    }

    protected override bool ReleaseHandle() => cublasLtMatmulDescDestroy(handle) == CublasStatus.Success;
}

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

/// <summary>The form op(A) in which a matrix enters: A or its transpose.</summary>
[NativeName("cublasOperation_t")]
internal enum CublasOperation
{
    [NativeName("CUBLAS_OP_N")] None = 0,
    [NativeName("CUBLAS_OP_T")] Transpose = 1,
}

/// <summary>The type that sums are kept in, and with it the precision that inputs may be rounded to.</summary>
[NativeName("cublasComputeType_t")]
internal enum CublasComputeType
{
    [NativeName("CUBLAS_COMPUTE_32F")] Float32 = 68,
    [NativeName("CUBLAS_COMPUTE_32F_PEDANTIC")] Float32Pedantic = 69,
    [NativeName("CUBLAS_COMPUTE_64F")] Float64 = 70,
    [NativeName("CUBLAS_COMPUTE_32F_FAST_TF32")] Float32FastTf32 = 77,
}

/// <summary>
/// The last operation on each element of D = op(A)·op(B) before it is stored. Rows and columns are those of column-major D: a bias
/// has one entry per row.
/// </summary>
[NativeName("cublasLtEpilogue_t")]
internal enum Epilogue
{
    [NativeName("CUBLASLT_EPILOGUE_DEFAULT")] Default = 1,
    [NativeName("CUBLASLT_EPILOGUE_RELU")] Relu = 2,
    [NativeName("CUBLASLT_EPILOGUE_BIAS")] Bias = 4,
    [NativeName("CUBLASLT_EPILOGUE_RELU_BIAS")] ReluBias = 6,
    [NativeName("CUBLASLT_EPILOGUE_GELU")] Gelu = 32,
    [NativeName("CUBLASLT_EPILOGUE_GELU_BIAS")] GeluBias = 36,
    [NativeName("CUBLASLT_EPILOGUE_GELU_AUX")] GeluAux = 160,
    [NativeName("CUBLASLT_EPILOGUE_GELU_AUX_BIAS")] GeluAuxBias = 164,
    [NativeName("CUBLASLT_EPILOGUE_DGELU")] GeluGradient = 192,
    [NativeName("CUBLASLT_EPILOGUE_DGELU_BGRAD")] GeluGradientBiasGradient = 208,
    [NativeName("CUBLASLT_EPILOGUE_BGRADA")] BiasGradientA = 256,
    [NativeName("CUBLASLT_EPILOGUE_BGRADB")] BiasGradientB = 512,
}
