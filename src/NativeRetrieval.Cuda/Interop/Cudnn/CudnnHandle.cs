using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>The state of cuDNN for one context; one thread uses it at a time.</summary>
[NativeName("cudnnHandle_t")]
internal sealed class CudnnHandle(nint value, CudaContext context) : ContextBoundHandle(value, context, owns: true)
{
    /// <exception cref="Errors.CudaUnavailableException">The library is not on this machine.</exception>
    public static CudnnHandle Create(CudaContext context)
    {
        using var scope = context.Enter();
        cudnnCreate(out nint handle).ThrowIfFailed();
        return new(handle, context);
    }

    protected override bool Destroy() => cudnnDestroy(handle) == CudnnStatus.Success;
}

/// <summary>
/// Results of cuDNN 9 calls. A number between two of these refines the lower one: 3003 is a kind of <see cref="NotSupported"/>.
/// </summary>
[NativeName("cudnnStatus_t")]
internal enum CudnnStatus
{
    [NativeName("CUDNN_STATUS_SUCCESS")] Success = 0,
    [NativeName("CUDNN_STATUS_NOT_INITIALIZED")] NotInitialized = 1001,
    [NativeName("CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH")] SublibraryVersionMismatch = 1002,
    [NativeName("CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED")] SublibraryLoadingFailed = 1008,
    [NativeName("CUDNN_STATUS_BAD_PARAM")] BadParameter = 2000,
    [NativeName("CUDNN_STATUS_NOT_SUPPORTED")] NotSupported = 3000,
    [NativeName("CUDNN_STATUS_INTERNAL_ERROR")] InternalError = 4000,
    [NativeName("CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED")] HostAllocationFailed = 4003,
    [NativeName("CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED")] DeviceAllocationFailed = 4004,
    [NativeName("CUDNN_STATUS_EXECUTION_FAILED")] ExecutionFailed = 5000,
}
