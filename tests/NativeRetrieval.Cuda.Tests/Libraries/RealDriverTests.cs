using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.Cuda.Runtime;
using NativeRetrieval.Cuda.Tests.Symbols;

namespace NativeRetrieval.Cuda.Tests.Libraries;

/// <summary>NVIDIA's own driver library on a machine without a GPU.</summary>
public class RealDriverTests
{
    [Fact]
    public void It_exports_every_function_that_is_bound()
    {
        string? folder = CudaTestLibraries.Folder(CudaTestLibraries.Driver);
        Assert.SkipWhen(folder is null, CudaTestLibraries.WhyAbsent(CudaTestLibraries.Driver));
        nint driver = NativeLibrary.Load(Path.Combine(folder, "libcuda.so.1"));
        var bound = BoundFunction.In(typeof(DriverApi));
        // The twin of 12.8 is newer than this driver.
        var missing = bound.Where(function => !NativeLibrary.TryGetExport(driver, function.Name, out _)).Select(function => function.Name);
        Assert.Equal([nameof(DriverApi.cuEventElapsedTime_v2)], missing);
        Assert.InRange(bound.Count, 40, 200);
    }

    [Fact]
    public async Task Without_a_GPU_it_is_found_and_opening_a_device_is_refused_with_the_reason()
    {
        Assert.SkipWhen(Directory.Exists("/proc/driver/nvidia"), "this machine has an NVIDIA kernel module of its own");
        await ChildRun.WithAsync(CudaTestLibraries.Driver, () =>
        {
            var found = CudaLibraries.Require(LibraryFamily.Driver);
            Assert.Equal(new Version(12, 4), found.Version!.Own);
            Assert.Equal(Path.Combine(CudaTestLibraries.Folder(CudaTestLibraries.Driver)!, "libcuda.so.1"), found.Path);
            var error = Assert.Throws<CudaUnavailableException>(() => CudaContext.OpenPrimary());
            Assert.Contains("sees no GPU", error.Message);
            Assert.Contains("CUDA_ERROR_NO_DEVICE (100)", error.Message);
            var report = CudaReport.Make();
            Assert.Equal(error.Message, report.Problem);
            Assert.Empty(report.Devices);
        });
    }
}
