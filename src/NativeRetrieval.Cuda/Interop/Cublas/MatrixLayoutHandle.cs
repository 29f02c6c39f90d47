using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>Type, size, leading dimension and batch of a matrix.</summary>
[NativeName("cublasLtMatrixLayout_t")]
internal sealed class MatrixLayoutHandle(nint value) : NativeHandle(value, owns: true)
{
    /// <summary>A column-major matrix.</summary>
    /// <param name="leadingDimension">Elements from one column to the next.</param>
    public static MatrixLayoutHandle Create(CudaDataType type, long rows, long columns, long leadingDimension)
    {
        cublasLtMatrixLayoutCreate(out nint layout, type, checked((ulong)rows), checked((ulong)columns), leadingDimension).ThrowIfFailed();
        return new(layout);
    }

    /// <typeparam name="T">Of exactly the attribute's width.</typeparam>
    public unsafe void Set<T>(LayoutAttribute attribute, T value) where T : unmanaged
    {
        LtAttributes.RequireWidth(attribute.ToString(), LtAttributes.SizeBytes(attribute), sizeof(T));
        cublasLtMatrixLayoutSetAttribute(this, attribute, &value, (nuint)sizeof(T)).ThrowIfFailed($"cublasLtMatrixLayoutSetAttribute({attribute}, {value})");
    }

    protected override bool ReleaseHandle() => cublasLtMatrixLayoutDestroy(handle) == CublasStatus.Success;
}
