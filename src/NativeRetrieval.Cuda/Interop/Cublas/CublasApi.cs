using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>
/// Functions of libcublas. Matrix products are computed by its companion, <see cref="CublasLtApi"/>, whose statuses it names.
/// </summary>
internal static unsafe partial class CublasApi
{
    public const string Library = CudaLibraries.Cublas;

    static CublasApi() => CudaLibraries.ConnectImports();

    [LibraryImport(Library)] public static partial byte* cublasGetStatusString(CublasStatus status);
}

/// <summary>Results of cuBLAS and cuBLASLt calls.</summary>
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
