using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>
/// libcublasLt: matrix products with an epilogue. Descriptors are made by the Create calls only: their sizes grew from
/// version to version, so that the header's inline Init on own memory would be overrun.
/// </summary>
internal static unsafe partial class CublasLtApi
{
    public const string Library = CudaLibraries.CublasLt;

    static CublasLtApi() => CudaLibraries.ConnectImports();

    [LibraryImport(Library)] public static partial CublasStatus cublasLtCreate(out nint handle);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtDestroy(nint handle);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtMatmulDescCreate(out nint description, CublasComputeType compute, CudaDataType scale);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtMatmulDescDestroy(nint description);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatmulDescSetAttribute(MatmulHandle description, MatmulAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatrixLayoutCreate(out nint layout, CudaDataType type, ulong rows, ulong columns, long leadingDimension);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtMatrixLayoutDestroy(nint layout);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatrixLayoutSetAttribute(MatrixLayoutHandle layout, LayoutAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtMatmulPreferenceCreate(out nint preference);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtMatmulPreferenceDestroy(nint preference);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatmulPreferenceSetAttribute(PreferenceHandle preference, PreferenceAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatmulAlgoGetHeuristic(CublasLtHandle handle, MatmulHandle description, MatrixLayoutHandle a, MatrixLayoutHandle b,
        MatrixLayoutHandle c, MatrixLayoutHandle d, PreferenceHandle preference, int requested, MatmulHeuristic* results, out int returned);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatmul(CublasLtHandle handle, MatmulHandle description, void* alpha, nint a, MatrixLayoutHandle layoutA,
        nint b, MatrixLayoutHandle layoutB, void* beta, nint c, MatrixLayoutHandle layoutC, nint d, MatrixLayoutHandle layoutD,
        MatmulAlgorithm* algorithm, nint workspace, nuint workspaceBytes, StreamHandle stream);
}
