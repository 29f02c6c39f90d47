namespace NativeRetrieval.Cuda.Interop.Cublas;

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
