using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>What a matrix product computes: operations, epilogue, compute type.</summary>
[NativeName("cublasLtMatmulDesc_t")]
internal sealed class MatmulHandle(nint value) : NativeHandle(value, owns: true)
{
    protected override bool ReleaseHandle() => cublasLtMatmulDescDestroy(handle) == CublasStatus.Success;
}
