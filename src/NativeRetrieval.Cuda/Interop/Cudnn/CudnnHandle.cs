using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Cudnn.CudnnApi;

namespace NativeRetrieval.Cuda.Interop.Cudnn;

/// <summary>cuDNN's state for one context; used by one thread at a time.</summary>
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

/// <summary>What cuDNN 9 answers. Sub-codes refine a class: compare by <see cref="CudnnStatuses.Class"/>, never for equality with a class.</summary>
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

internal static class CudnnStatuses
{
    /// <summary>The thousand a status belongs to, e.g. <see cref="CudnnStatus.NotSupported"/> of 3003.</summary>
    public static CudnnStatus Class(this CudnnStatus status) => (CudnnStatus)((int)status / 1000 * 1000);
}
