using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda;

/// <summary>
/// The CUDA libraries and GPUs of this machine. Making the report loads the libraries, but opens no device and never throws.
/// </summary>
public sealed record CudaReport
{
    /// <summary>The results of the search for the driver, NVRTC, cuBLAS and cuDNN, in this order.</summary>
    public required IReadOnlyList<CudaLibraryReport> Libraries { get; init; }

    /// <summary>
    /// The result of the search for NCCL, which only training on several GPUs needs: it is no <see cref="Problem"/> without.
    /// </summary>
    public required CudaLibraryReport Nccl { get; init; }

    /// <summary>The GPUs that this process may use, by number; none where the driver is missing.</summary>
    public required IReadOnlyList<CudaDeviceProperties> Devices { get; init; }

    /// <summary>The first thing that is missing, with advice; null where CUDA can be used.</summary>
    public required string? Problem { get; init; }

    /// <summary>True where no place holds a driver, not even one that is refused.</summary>
    public bool HasNoDriver =>
        Libraries[0] is { Path: null } driver && driver.Attempts.All(attempt => attempt.Problem == CudaLibraryReport.NotThere);

    /// <summary>Looks for the libraries, once per process, and asks the driver for its devices.</summary>
    public static CudaReport Make()
    {
        CudaLibraryReport[] libraries = [.. LibraryFamily.All.Select(CudaLibraries.Of).Select(CudaLibraryReport.Of)];
        string? problem = libraries[0].Problem;
        var devices = new List<CudaDeviceProperties>();
        if (problem is null)
        {
            try
            {
                int count = CudaDriver.DeviceCount;
                for (int ordinal = 0; ordinal < count; ordinal++)
                {
                    cuDeviceGet(out int device, ordinal).ThrowIfFailed();
                    devices.Add(CudaDeviceProperties.Read(device, ordinal));
                }
                if (count == 0) problem = "the NVIDIA driver sees no GPU";
            }
            catch (NativeRetrievalException error)
            {
                problem = error.Message;
            }
        }
        problem ??= libraries.Select(library => library.Problem).FirstOrDefault(text => text is not null);
        var nccl = CudaLibraryReport.Of(CudaLibraries.Of(LibraryFamily.Nccl));
        return new() { Libraries = libraries, Nccl = nccl, Devices = devices, Problem = problem };
    }
}
