using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Interop.Libraries;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>The NVIDIA driver of this machine.</summary>
internal static class CudaDriver
{
    /// <summary>Loads and initialises the driver; the second call costs nothing.</summary>
    /// <exception cref="CudaUnavailableException">There is no driver, no GPU, or none that this process may use.</exception>
    public static void Initialize()
    {
        CudaLibraries.Require(LibraryFamily.Driver);
        var result = cuInit(0);
        if (result != DriverResult.Success)
            throw new CudaUnavailableException($"{WhyUnusable(result)}: cuInit answers {ResultCheck.NameOf(result)}");
    }

    /// <summary>Number of GPUs that this process may use (CUDA_VISIBLE_DEVICES hides some).</summary>
    public static int DeviceCount
    {
        get
        {
            Initialize();
            cuDeviceGetCount(out int count).ThrowIfFailed();
            return count;
        }
    }

    static string WhyUnusable(DriverResult result) => result switch
    {
        DriverResult.NoDevice =>
            "the NVIDIA driver is installed but sees no GPU (nvidia-smi should list one; CUDA_VISIBLE_DEVICES may hide it)",
        DriverResult.StubLibrary => "libcuda.so.1 is the toolkit's stub, not the driver; take its folder out of LD_LIBRARY_PATH",
        DriverResult.SystemDriverMismatch =>
            "the loaded kernel module and libcuda.so.1 are of different driver versions; restart the machine",
        DriverResult.CompatibilityNotSupported => "the forward-compatibility package does not support this GPU; remove it",
        DriverResult.SystemNotReady => "the system's NVIDIA services have not started (nvidia-fabricmanager)",
        _ => "the NVIDIA driver cannot be initialised",
    };
}
