using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Cublas.CublasApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>
/// libcublas. Matrices are column-major. Names that have a <c>_v2</c> form are bound under it: the plain one is the
/// interface of 2010 with other parameters.
/// </summary>
internal static unsafe partial class CublasApi
{
    public const string Library = CudaLibraries.Cublas;

    static CublasApi() => CudaLibraries.ConnectImports();

    [LibraryImport(Library)] public static partial CublasStatus cublasCreate_v2(out nint handle);

    [LibraryImport(Library)] public static partial CublasStatus cublasDestroy_v2(nint handle);

    [LibraryImport(Library)] public static partial CublasStatus cublasSetStream_v2(CublasHandle handle, StreamHandle stream);

    [LibraryImport(Library)] public static partial CublasStatus cublasSetWorkspace_v2(CublasHandle handle, nint workspace, nuint bytes);

    [LibraryImport(Library)] public static partial CublasStatus cublasSetMathMode(CublasHandle handle, CublasMathMode mode);

    [LibraryImport(Library)] public static partial byte* cublasGetStatusString(CublasStatus status);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasGemmEx(CublasHandle handle, CublasOperation opA, CublasOperation opB, int m, int n, int k,
        void* alpha, nint a, CudaDataType typeA, int lda, nint b, CudaDataType typeB, int ldb,
        void* beta, nint c, CudaDataType typeC, int ldc, CublasComputeType compute, CublasGemmAlgorithm algorithm);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasGemmStridedBatchedEx(CublasHandle handle, CublasOperation opA, CublasOperation opB, int m, int n, int k,
        void* alpha, nint a, CudaDataType typeA, int lda, long strideA, nint b, CudaDataType typeB, int ldb, long strideB,
        void* beta, nint c, CudaDataType typeC, int ldc, long strideC, int batch, CublasComputeType compute, CublasGemmAlgorithm algorithm);
}

/// <summary>What cuBLAS and cuBLASLt answer.</summary>
[NativeName("cublasStatus_t")]
internal enum CublasStatus
{
    [NativeName("CUBLAS_STATUS_SUCCESS")] Success = 0,
    [NativeName("CUBLAS_STATUS_NOT_INITIALIZED")] NotInitialized = 1,
    [NativeName("CUBLAS_STATUS_ALLOC_FAILED")] AllocationFailed = 3,
    [NativeName("CUBLAS_STATUS_INVALID_VALUE")] InvalidValue = 7,
    [NativeName("CUBLAS_STATUS_ARCH_MISMATCH")] ArchitectureMismatch = 8,
    [NativeName("CUBLAS_STATUS_MAPPING_ERROR")] MappingError = 11,
    [NativeName("CUBLAS_STATUS_EXECUTION_FAILED")] ExecutionFailed = 13,
    [NativeName("CUBLAS_STATUS_INTERNAL_ERROR")] InternalError = 14,
    [NativeName("CUBLAS_STATUS_NOT_SUPPORTED")] NotSupported = 15,
    [NativeName("CUBLAS_STATUS_LICENSE_ERROR")] LicenseError = 16,
}

/// <summary>What a handle's matrix products may do to float32.</summary>
[NativeName("cublasMath_t")]
internal enum CublasMathMode
{
    [NativeName("CUBLAS_DEFAULT_MATH")] Default = 0,
    [NativeName("CUBLAS_PEDANTIC_MATH")] Pedantic = 2,
    [NativeName("CUBLAS_TF32_TENSOR_OP_MATH")] Tf32TensorOp = 3,
}

/// <summary>Only the heuristic choice is left since Ampere.</summary>
[NativeName("cublasGemmAlgo_t")]
internal enum CublasGemmAlgorithm
{
    [NativeName("CUBLAS_GEMM_DEFAULT")] Default = -1,
}

/// <summary>cuBLAS's state for one context; used by one thread at a time.</summary>
[NativeName("cublasHandle_t")]
internal sealed class CublasHandle(nint value, CudaContext context) : ContextBoundHandle(value, context, owns: true)
{
    /// <exception cref="Errors.CudaUnavailableException">The library is not on this machine.</exception>
    public static CublasHandle Create(CudaContext context)
    {
        using var scope = context.Enter();
        cublasCreate_v2(out nint handle).ThrowIfFailed();
        return new(handle, context);
    }

    protected override bool Destroy() => cublasDestroy_v2(handle) == CublasStatus.Success;
}
