using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>The loader of the process. Versions are asked through the handle, before any import is connected.</summary>
internal sealed unsafe class SystemLoader : ILibraryLoader
{
    const string MemoryMap = "/proc/self/maps";

    public bool TryLoad(string file, out nint handle, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        try
        {
            handle = NativeLibrary.Load(file);
            return true;
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            handle = 0;
            problem = Reason(file, error.Message);
            return false;
        }
    }

    public bool HasExport(nint handle, string name) => NativeLibrary.TryGetExport(handle, name, out _);

    public void Free(nint handle) => NativeLibrary.Free(handle);

    public LibraryVersion? VersionOf(VersionQuery query, nint handle, IReadOnlyList<nint> companions)
    {
        switch (query)
        {
            case VersionQuery.DriverVersion:
                int driver = 0;
                if (!NativeLibrary.TryGetExport(handle, "cuDriverGetVersion", out nint ask)
                    || ((delegate* unmanaged<int*, int>)ask)(&driver) != 0) return null;
                return new(CudaVersion(driver), CudaVersion(driver));

            case VersionQuery.NvrtcVersion:
                int major = 0, minor = 0;
                if (!NativeLibrary.TryGetExport(handle, "nvrtcVersion", out ask)
                    || ((delegate* unmanaged<int*, int*, int>)ask)(&major, &minor) != 0) return null;
                return new(new(major, minor), new(major, minor));

            case VersionQuery.CublasVersion:
                if (companions.Count == 0 || Number(companions[0], "cublasLtGetVersion") is not { } blas) return null;
                var own = new Version(blas / 10000, blas / 100 % 100, blas % 100);
                return new(own, new(own.Major, 0));

            case VersionQuery.CudnnVersion:
                if (Number(handle, "cudnnGetVersion") is not { } dnn || Number(handle, "cudnnGetCudartVersion") is not { } cuda)
                    return null;
                return new(new(dnn / 10000, dnn / 100 % 100, dnn % 100), CudaVersion(cuda));

            case VersionQuery.NcclVersion:
                int nccl = 0;
                if (!NativeLibrary.TryGetExport(handle, "ncclGetVersion", out ask)
                    || ((delegate* unmanaged<int*, int>)ask)(&nccl) != 0) return null;
                // It does not say which CUDA it is for.
                var version = new Version(nccl / 10000, nccl / 100 % 100, nccl % 100);
                return new(version, version);

            default:
                throw new ArgumentOutOfRangeException(nameof(query), query, "not a question");
        }
    }

    public string? LoadedPath(string fileName)
    {
        if (!File.Exists(MemoryMap)) return null;
        foreach (string line in File.ReadLines(MemoryMap))
        {
            int slash = line.IndexOf('/');
            if (slash < 0) continue;
            string path = line[slash..];
            // The map names the file behind the links: libcuda.so.1 appears as libcuda.so.550.54.
            if (Path.GetFileName(path) is { } name && IsVersionOf(name, fileName)) return path;
        }
        return null;
    }

    /// <summary>
    /// <c>libnvrtc.so.12.4.127</c> is a version of <c>libnvrtc.so.12</c>; any <c>libcuda.so.…</c> is one of <c>libcuda.so.1</c>.
    /// </summary>
    static bool IsVersionOf(string name, string soname) =>
        name == soname || name.StartsWith(soname + ".", StringComparison.Ordinal)
        || (soname == "libcuda.so.1" && name.StartsWith("libcuda.so.", StringComparison.Ordinal));

    static Version CudaVersion(int number) => new(number / 1000, number % 1000 / 10);

    static int? Number(nint handle, string function) =>
        NativeLibrary.TryGetExport(handle, function, out nint ask) ? checked((int)((delegate* unmanaged<nuint>)ask)()) : null;

    /// <summary>
    /// The reason of a failure. The runtime wraps dlerror's line in advice about its own settings; the line with the file's name is
    /// it.
    /// </summary>
    static string Reason(string file, string message)
    {
        string name = Path.GetFileName(file);
        string[] lines = message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string line = lines.FirstOrDefault(text => text.StartsWith(file + ":", StringComparison.Ordinal))
            ?? lines.FirstOrDefault(text => text.Contains(name + ":", StringComparison.Ordinal))
            ?? lines.FirstOrDefault() ?? "cannot be loaded";
        int colon = line.IndexOf(": ", StringComparison.Ordinal);
        return colon > 0 && line.AsSpan(0, colon).EndsWith(name) ? line[(colon + 2)..] : line;
    }
}

/// <summary>The questions of the search to the system's loader; tests answer in its place.</summary>
internal interface ILibraryLoader
{
    /// <param name="file">An absolute path, or a bare name that the system looks up.</param>
    /// <param name="problem">The reason in the loader's words where it fails.</param>
    bool TryLoad(string file, out nint handle, [NotNullWhen(false)] out string? problem);

    bool HasExport(nint handle, string name);

    /// <summary>The version that the library tells; null where it does not answer.</summary>
    /// <param name="companions">Handles of the family's companions, in the family's order.</param>
    LibraryVersion? VersionOf(VersionQuery query, nint handle, IReadOnlyList<nint> companions);

    /// <summary>The absolute path of a loaded library of this file name, or null.</summary>
    string? LoadedPath(string fileName);

    /// <summary>Gives back a library that was refused; one that is used is never given back.</summary>
    void Free(nint handle);
}
