using System.Runtime.CompilerServices;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.Cuda.Tests.LookAlike;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cuda.Tests;

/// <summary>NVIDIA's libraries that <c>tests/fetch-cuda-libraries.sh</c> puts beside the build output.</summary>
internal static class CudaTestLibraries
{
    public const string Newer = "nvrtc-12.4";
    public const string Older = "nvrtc-11.8";
    public const string Driver = "driver";
    public const string Cublas = "cublas-12.4";

    /// <summary>The folder of one set, or null where it was not fetched.</summary>
    public static string? Folder(string set)
    {
        string folder = Path.Combine(Fixtures.RepositoryRoot, "artifacts", "cuda-libraries", set);
        return File.Exists(Path.Combine(folder, "complete")) ? folder : null;
    }

    public static string WhyAbsent(string set) =>
        $"{set} is not here; tests/fetch-cuda-libraries.sh{(set == Cublas ? " --with-cublas" : "")} fetches it from Debian's archive";

    /// <summary>Libraries are searched for once per process: which ones this process gets is decided before its first test.</summary>
    [ModuleInitializer]
    internal static void Choose()
    {
        if (Environment.GetEnvironmentVariable(SearchPlaces.PathVariable) is not null) return;
        string[] folders = [.. new[] { LookAlikeDriver.Build(), Folder(Newer) }.OfType<string>()];
        if (folders.Length > 0) Environment.SetEnvironmentVariable(SearchPlaces.PathVariable, string.Join(Path.PathSeparator, folders));
    }
}
