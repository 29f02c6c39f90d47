using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Cublas.CublasLtApi;

namespace NativeRetrieval.Cuda.Interop.Cublas;

/// <summary>
/// Functions of libcublasLt: matrix products with an epilogue. Matrices are column-major. Descriptors are made by the Create calls
/// only: their sizes grew from version to version, so that the header's inline Init on own memory would be overrun.
/// </summary>
internal static unsafe partial class CublasLtApi
{
    public const string Library = CudaLibraries.CublasLt;

    static CublasLtApi() => CudaLibraries.ConnectImports();

    [LibraryImport(Library)] public static partial CublasStatus cublasLtCreate(out nint handle);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtDestroy(nint handle);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatmulDescCreate(out nint description, CublasComputeType compute, CudaDataType scale);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtMatmulDescDestroy(nint description);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatmulDescSetAttribute(
        MatmulHandle description, MatmulAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatrixLayoutCreate(
        out nint layout, CudaDataType type, ulong rows, ulong columns, long leadingDimension);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtMatrixLayoutDestroy(nint layout);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatrixLayoutSetAttribute(
        MatrixLayoutHandle layout, MatrixLayoutAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtMatmulPreferenceCreate(out nint preference);

    [LibraryImport(Library)] public static partial CublasStatus cublasLtMatmulPreferenceDestroy(nint preference);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatmulPreferenceSetAttribute(
        PreferenceHandle preference, PreferenceAttribute attribute, void* value, nuint bytes);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatmulAlgoGetHeuristic(
        CublasLtHandle handle, MatmulHandle description, MatrixLayoutHandle a, MatrixLayoutHandle b, MatrixLayoutHandle c,
        MatrixLayoutHandle d, PreferenceHandle preference, int requested, MatmulHeuristic* results, out int returned);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasLtMatmul(
        CublasLtHandle handle, MatmulHandle description, void* alpha, nint a, MatrixLayoutHandle layoutA, nint b,
        MatrixLayoutHandle layoutB, void* beta, nint c, MatrixLayoutHandle layoutC, nint d, MatrixLayoutHandle layoutD,
        MatmulAlgorithm* algorithm, nint workspace, nuint workspaceBytes, StreamHandle stream);
}

/// <summary>The state of cuBLASLt for one context.</summary>
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

/// <summary>Widths of cuBLASLt's attributes in bytes; another width is refused by the library with nothing but "invalid value".</summary>
internal static class LtAttributes
{
    public static int SizeBytes(MatmulAttribute attribute) => attribute switch
    {
        MatmulAttribute.TransposeA or MatmulAttribute.TransposeB or MatmulAttribute.Epilogue => 4,
        MatmulAttribute.MultiprocessorTarget or MatmulAttribute.BiasDataType => 4,
        _ => 8,
    };

    public static int SizeBytes(PreferenceAttribute attribute) => attribute == PreferenceAttribute.MaxWorkspaceBytes ? 8 : 4;

    public static void RequireWidth(string attribute, int expected, int actual)
    {
        if (actual != expected) throw new ArgumentException($"{attribute} takes {expected} bytes, got {actual}");
    }
}
