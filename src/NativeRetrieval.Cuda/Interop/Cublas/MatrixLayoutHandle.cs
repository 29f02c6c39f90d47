using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>Type, size, leading dimension and batch of a matrix.</summary>
[NativeName("cublasLtMatrixLayout_t")]
internal sealed class MatrixLayoutHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <summary>A column-major matrix.</summary>
    /// <param name="leadingDimension">Elements from one column to the next.</param>
    public static MatrixLayoutHandle Create(CudaDataType type, long rows, long columns, long leadingDimension)
    {
        cublasLtMatrixLayoutCreate(out nint layout, type, checked((ulong)rows), checked((ulong)columns), leadingDimension).ThrowIfFailed();
        return new(layout);
    }

    /// <typeparam name="T">Of exactly the attribute's width.</typeparam>
    public unsafe void Set<T>(LayoutAttribute attribute, T value) where T : unmanaged
    {
        LtAttributes.RequireWidth(attribute.ToString(), LtAttributes.SizeBytes(attribute), sizeof(T));
        cublasLtMatrixLayoutSetAttribute(this, attribute, &value, (nuint)sizeof(T)).ThrowIfFailed($"cublasLtMatrixLayoutSetAttribute({attribute}, {value})");
    }

    protected override bool ReleaseHandle() => cublasLtMatrixLayoutDestroy(handle) == CublasStatus.Success;
}

/// <summary>Attributes of a matrix.</summary>
[NativeName("cublasLtMatrixLayoutAttribute_t")]
internal enum LayoutAttribute
{
    [NativeName("CUBLASLT_MATRIX_LAYOUT_ORDER")] Order = 1,
    [NativeName("CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT")] BatchCount = 5,
    [NativeName("CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET")] BatchStride = 6,
}

/// <summary>How a matrix lies in memory.</summary>
[NativeName("cublasLtOrder_t")]
internal enum MatrixOrder
{
    [NativeName("CUBLASLT_ORDER_COL")] Column = 0,
    [NativeName("CUBLASLT_ORDER_ROW")] Row = 1,
}

/// <summary>Element types of matrices.</summary>
[NativeName("cudaDataType")]
internal enum CudaDataType
{
    [NativeName("CUDA_R_32F")] Float32 = 0,
    [NativeName("CUDA_R_64F")] Float64 = 1,
    [NativeName("CUDA_R_16F")] Float16 = 2,
    [NativeName("CUDA_R_16BF")] BFloat16 = 14,
}
