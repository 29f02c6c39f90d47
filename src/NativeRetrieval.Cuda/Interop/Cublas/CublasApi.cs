using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>
/// libcublas. Matrices are column-major. Names that have a <c>_v2</c> form are bound under it: the plain one is the
/// interface of 2010 with other parameters.
/// </summary>
internal static unsafe partial class CublasApi
{
    public const string Library = CudaLibraries.Cublas;

    static CublasApi() => CudaLibraries.ConnectImports();

    [LibraryImport(Library)] public static partial CublasStatus cublasCreate_v2(out nint handle);

    [LibraryImport(Library)] public static partial CublasStatus cublasDestroy_v2(nint handle);

    [LibraryImport(Library)] public static partial CublasStatus cublasSetStream_v2(CublasHandle handle, StreamHandle stream);

    [LibraryImport(Library)] public static partial CublasStatus cublasSetWorkspace_v2(CublasHandle handle, nint workspace, nuint bytes);

    [LibraryImport(Library)] public static partial CublasStatus cublasSetMathMode(CublasHandle handle, CublasMathMode mode);

    [LibraryImport(Library)] public static partial byte* cublasGetStatusString(CublasStatus status);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasGemmEx(CublasHandle handle, CublasOperation opA, CublasOperation opB, int m, int n, int k,
        void* alpha, nint a, CudaDataType typeA, int lda, nint b, CudaDataType typeB, int ldb,
        void* beta, nint c, CudaDataType typeC, int ldc, CublasComputeType compute, CublasGemmAlgorithm algorithm);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasGemmStridedBatchedEx(CublasHandle handle, CublasOperation opA, CublasOperation opB, int m, int n, int k,
        void* alpha, nint a, CudaDataType typeA, int lda, long strideA, nint b, CudaDataType typeB, int ldb, long strideB,
        void* beta, nint c, CudaDataType typeC, int ldc, long strideC, int batch, CublasComputeType compute, CublasGemmAlgorithm algorithm);
}
