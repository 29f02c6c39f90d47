using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>cuBLASLt's state for one context.</summary>
[NativeName("cublasLtHandle_t")]
internal sealed class CublasLtHandle(nint value, CudaContext context) : ContextBoundHandle(value, context, owns: true)
{
    /// <exception cref="Errors.CudaUnavailableException">The library is not on this machine.</exception>
    public static CublasLtHandle Create(CudaContext context)
    {
        using var scope = context.Enter();
        cublasLtCreate(out nint handle).ThrowIfFailed();
        return new(handle, context);
    }

    protected override bool Destroy() => cublasLtDestroy(handle) == CublasStatus.Success;
}
