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

    protected override bool ReleaseHandle() => cublasLtMatrixLayoutDestroy(handle) == CublasStatus.Success;
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
