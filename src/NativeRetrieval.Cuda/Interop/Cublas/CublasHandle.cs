using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Cublas.CublasApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

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
