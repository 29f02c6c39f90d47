using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>Type, size, leading dimension and batch of a matrix.</summary>
[NativeName("cublasLtMatrixLayout_t")]
internal sealed class MatrixLayoutHandle(nint value) : NativeHandle(value, owns: true)
{
    protected override bool ReleaseHandle() => cublasLtMatrixLayoutDestroy(handle) == CublasStatus.Success;
}
