using System.Reflection;
using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>
/// The libraries of this process, each searched for once, on first use and never before. Every import of this assembly is
/// answered from here, so that whatever lies in NATIVERETRIEVAL_CUDA_PATH under NVIDIA's file names takes NVIDIA's place.
/// </summary>
internal static class CudaLibraries
{
    public const string Driver = "cuda";
    public const string Nvrtc = "nvrtc";
    public const string Cublas = "cublas";
    public const string CublasLt = "cublasLt";
    public const string Cudnn = "cudnn";

    static readonly SystemLoader _loader = new();
    static readonly Lazy<LibrarySearchResult> _driver = new(() => Search(LibraryFamily.Driver));
    static readonly Lazy<LibrarySearchResult> _nvrtc = new(() => Search(LibraryFamily.Nvrtc));
    static readonly Lazy<LibrarySearchResult> _cublas = new(() => Search(LibraryFamily.Cublas));
    static readonly Lazy<LibrarySearchResult> _cudnn = new(() =>
    {
        // cuDNN opens both by name: what is loaded already is what it gets.
        _ = _nvrtc!.Value;
        _ = _cublas!.Value;
        return Search(LibraryFamily.Cudnn);
    });

    static readonly Lazy<LibrarySearchResult> _nccl = new(() => Search(LibraryFamily.Nccl));

    static CudaLibraries() => NativeLibrary.SetDllImportResolver(typeof(CudaLibraries).Assembly, Resolve);

    /// <summary>
    /// Connects imports to <see cref="Resolve"/>. Classes with imports call it from their static constructor, before the first
    /// import.
    /// </summary>
    public static void ConnectImports()
    {
    }

    /// <summary>The result of the search for a family.</summary>
    public static LibrarySearchResult Of(LibraryFamily family) =>
        (family == LibraryFamily.Driver ? _driver
            : family == LibraryFamily.Nvrtc ? _nvrtc
            : family == LibraryFamily.Cublas ? _cublas
            : family == LibraryFamily.Cudnn ? _cudnn : _nccl).Value;

    /// <exception cref="CudaUnavailableException">The family is missing; the message says what was tried and what to do.</exception>
    public static LibrarySearchResult Require(LibraryFamily family) =>
        Of(family) is { IsFound: true } found ? found : throw new CudaUnavailableException(Of(family).Problem);

    static LibrarySearchResult Search(LibraryFamily family) =>
        LibrarySearch.Run(family, SearchEnvironment.OfProcess, _loader,
            driver: family == LibraryFamily.Driver ? null : _driver.Value.Version?.Cuda);

    static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name switch
    {
        Driver => Require(LibraryFamily.Driver).Handle,
        Nvrtc => Require(LibraryFamily.Nvrtc).Handle,
        Cublas => Require(LibraryFamily.Cublas).Handle,
        CublasLt => Require(LibraryFamily.Cublas).Companions["libcublasLt"],
        Cudnn => Require(LibraryFamily.Cudnn).Handle,
        _ => 0,
    };
}
