using System.Text.Json;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Commands;

/// <summary>
/// Each way in which a GPU cannot be used: asked for by name it is an error that says what to do; <c>auto</c> takes the CPU and says
/// so once.
/// </summary>
public sealed class DeviceFailureTests : IDisposable
{
    const string OnTheCpu = "running on the CPU: ";

    readonly TemporaryFolder _folder = new();

    public DeviceFailureTests()
    {
        Emulator.Require();
        Directory.CreateDirectory(_folder["golden"]);
        File.Copy(Fixtures.Small("adam.safetensors"), Path.Combine(_folder["golden"], "adam.safetensors"));
    }

    [Fact]
    public void No_driver()
    {
        RequireNoDriver();
        Fails(_folder.FullPath, "NVIDIA driver", []);
    }

    [Fact]
    public void A_driver_without_a_GPU()
    {
        string driver = Path.Combine(Fixtures.RepositoryRoot, "artifacts", "cuda-libraries", "driver");
        Assert.SkipUnless(Directory.Exists(driver), "NVIDIA's driver library was not fetched (tests/fetch-cuda-libraries.sh)");
        Fails(driver, "sees no GPU", []);
    }

    [Fact]
    public void A_file_that_is_no_library()
    {
        RequireNoDriver();
        File.WriteAllText(_folder["libcuda.so.1"], "not a library");
        Fails(_folder.FullPath, "libcuda.so.1", []);
    }

    [Theory]
    [InlineData("NVRTC", "libcuda.so.1")]
    [InlineData("cuBLAS", "libcuda.so.1", "libnvrtc.so.12", "libnvrtc-builtins.so.12.8")]
    [InlineData("cuDNN", "libcuda.so.1", "libnvrtc.so.12", "libnvrtc-builtins.so.12.8", "libcublas.so.12", "libcublasLt.so.12")]
    public void A_missing_library(string missing, params string[] present)
    {
        foreach (string name in present) File.CreateSymbolicLink(_folder[name], Path.Combine(Emulator.Folder, name));
        Fails(_folder.FullPath, missing, []);
    }

    [Fact]
    public void A_GPU_that_is_too_old() =>
        Fails(Emulator.Folder, "compute capability 3.0 is older than what NVRTC", new() { ["NR_EMU_CC"] = "30" });

    [Fact]
    public void Kernels_that_do_not_compile() =>
        Fails(Emulator.Folder, ".cu does not compile for sm_90", new() { ["NR_EMU_CXX"] = "false" });

    [Fact]
    public void A_GPU_without_memory() => Fails(Emulator.Folder, "of memory left on the GPU", new() { ["NR_EMU_MEMORY_MIB"] = "4" });

    [Fact]
    public void A_GPU_that_can_be_used_is_used()
    {
        var run = Doctor(Emulator.Folder, "auto", []);
        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain(OnTheCpu, run.Error);
        Assert.DoesNotContain("metrics", run.Out); // a case of the CPU alone
        Assert.Contains("Adam, ten steps", run.Out);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Asked in a process of its own: this one has loaded the emulator's driver under the same name.</summary>
    void RequireNoDriver()
    {
        Directory.CreateDirectory(_folder["empty"]);
        var environment = new Dictionary<string, string> { [SearchPlaces.PathVariable] = _folder["empty"] };
        var run = ProgramRun.Of("NativeRetrieval.Cli.dll", environment, "doctor", "--json");
        var driver = JsonDocument.Parse(run.Out).RootElement.GetProperty("cuda").GetProperty("libraries")[0];
        Assert.SkipUnless(driver.GetProperty("path").ValueKind == JsonValueKind.Null, "this machine has an NVIDIA driver");
    }

    void Fails(string libraries, string message, Dictionary<string, string> environment)
    {
        var required = Doctor(libraries, "cuda:0", environment);
        Assert.Equal(1, required.ExitCode);
        Assert.Contains(message, required.Error);
        Assert.DoesNotContain("   at ", required.Error);

        var chosen = Doctor(libraries, "auto", environment);
        Assert.True(chosen.ExitCode == 0, chosen.Error);
        string said = Assert.Single(chosen.Error.Split('\n'), line => line.StartsWith(OnTheCpu, StringComparison.Ordinal));
        Assert.Contains(message, said);
    }

    ProgramRun Doctor(string libraries, string device, Dictionary<string, string> environment) => ProgramRun.Of("NativeRetrieval.Cli.dll",
        new Dictionary<string, string>(environment) { [SearchPlaces.PathVariable] = libraries, ["XDG_CACHE_HOME"] = _folder["cache"] },
        "doctor", "--parity", _folder["golden"], "--device", device);
}
