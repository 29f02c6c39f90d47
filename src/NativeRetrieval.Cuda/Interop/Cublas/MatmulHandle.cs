using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>What a matrix product computes: operations, epilogue, compute type.</summary>
[NativeName("cublasLtMatmulDesc_t")]
internal sealed class MatmulHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <param name="scale">Type of alpha and beta; float32 with float32 compute types, whatever the matrices are.</param>
    public static MatmulHandle Create(CublasComputeType compute, CudaDataType scale)
    {
        cublasLtMatmulDescCreate(out nint description, compute, scale).ThrowIfFailed();
        return new(description);
    }

    /// <typeparam name="T">Of exactly the attribute's width.</typeparam>
    public unsafe void Set<T>(MatmulAttribute attribute, T value) where T : unmanaged
    {
        LtAttributes.RequireWidth(attribute.ToString(), LtAttributes.SizeBytes(attribute), sizeof(T));
        cublasLtMatmulDescSetAttribute(this, attribute, &value, (nuint)sizeof(T)).ThrowIfFailed($"cublasLtMatmulDescSetAttribute({attribute}, {value})");
    }

    protected override bool ReleaseHandle() => cublasLtMatmulDescDestroy(handle) == CublasStatus.Success;
}
