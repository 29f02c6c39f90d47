using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>The description of a matrix: element type, size and leading dimension.</summary>
[NativeName("cublasLtMatrixLayout_t")]
internal sealed class MatrixLayoutHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <summary>The layout of a column-major matrix.</summary>
    /// <param name="leadingDimension">Elements from one column to the next.</param>
    public static MatrixLayoutHandle Create(CudaDataType type, long rows, long columns, long leadingDimension)
    {
        cublasLtMatrixLayoutCreate(out nint layout, type, checked((ulong)rows), checked((ulong)columns), leadingDimension)
            .ThrowIfFailed();
        return new(layout);
    }

    /// <summary>Makes it so many matrices.</summary>
    /// <param name="stride">Elements from one matrix to the next.</param>
    public unsafe void Repeat(int count, long stride)
    {
        const MatrixLayoutAttribute Count = MatrixLayoutAttribute.BatchCount, Stride = MatrixLayoutAttribute.BatchStride;
        cublasLtMatrixLayoutSetAttribute(this, Count, &count, sizeof(int)).ThrowIfFailed($"cublasLtMatrixLayoutSetAttribute({Count})");
        cublasLtMatrixLayoutSetAttribute(this, Stride, &stride, sizeof(long)).ThrowIfFailed($"cublasLtMatrixLayoutSetAttribute({Stride})");
    }

    protected override bool ReleaseHandle() => cublasLtMatrixLayoutDestroy(handle) == CublasStatus.Success;
}

/// <summary>Attributes of a matrix.</summary>
[NativeName("cublasLtMatrixLayoutAttribute_t")]
internal enum MatrixLayoutAttribute
{
    [NativeName("CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT")] BatchCount = 5,
    [NativeName("CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET")] BatchStride = 6,
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
