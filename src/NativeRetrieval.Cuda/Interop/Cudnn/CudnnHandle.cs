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
