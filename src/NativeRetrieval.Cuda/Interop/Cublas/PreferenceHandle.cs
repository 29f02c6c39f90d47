using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>What the heuristic may use.</summary>
[NativeName("cublasLtMatmulPreference_t")]
internal sealed class PreferenceHandle(nint value) : NativeHandle(value, owns: true)
{
    protected override bool ReleaseHandle() => cublasLtMatmulPreferenceDestroy(handle) == CublasStatus.Success;
}
