using System.Diagnostics;
using System.Runtime.CompilerServices;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests;

/// <summary>
/// The libraries of <c>tests/cuda-emulator</c>, built once into <c>artifacts/emulator</c>; the script's lock keeps concurrent runs apart.
/// With NATIVERETRIEVAL_TEST_GPU=1 the same tests run on this machine's GPU, and those about the emulator skip.
/// </summary>
internal static class Emulator
{
    static readonly Lazy<string?> _problem = new(Build);
    static readonly Lazy<TemporaryFolder> _kernels = new(() => new());

    /// <summary>True unless a GPU takes the emulator's place.</summary>
    public static bool IsUsed { get; } = Environment.GetEnvironmentVariable("NATIVERETRIEVAL_TEST_GPU") != "1";

    public static string Source => Path.Combine(Fixtures.RepositoryRoot, "tests", "cuda-emulator");

    public static string Folder { get; } = Path.Combine(Fixtures.RepositoryRoot, "artifacts", "emulator");

    /// <summary>
    /// The folder of compiled kernels: one for this process, and on a GPU the user's, so that a run under a sanitizer finds what the run
    /// before it compiled.
    /// </summary>
    public static string KernelFolder => IsUsed ? _kernels.Value["kernels"] : KernelCache.DefaultFolder;

    /// <summary>Skips the test on a GPU, because it is about the emulator; otherwise does what <see cref="RequireDevice"/> does.</summary>
    public static void Require()
    {
        Assert.SkipUnless(IsUsed, "about the emulator; this run is on a GPU");
        RequireDevice();
    }

    /// <summary>
    /// Skips the test where the emulator cannot be built, fails where it should have been. On a GPU there is nothing to build.
    /// </summary>
    public static void RequireDevice()
    {
        if (!IsUsed) return;
        string? problem = _problem.Value;
        Assert.SkipUnless(problem is null, problem ?? "");
    }

    /// <summary>Libraries are searched for once per process: before anything asks, this decides where.</summary>
    [ModuleInitializer]
    internal static void Choose()
    {
        if (IsUsed) Environment.SetEnvironmentVariable(SearchPlaces.PathVariable, Folder);
    }

    /// <summary>The reason why there is no emulator here; null where there is one.</summary>
    static string? Build()
    {
        if (!OperatingSystem.IsLinux()) return "the CUDA emulator is built on Linux only";
        try
        {
            Directory.CreateDirectory(Folder);
            using (var probe = Process.Start(new ProcessStartInfo("g++", ["--version"]) { RedirectStandardOutput = true })!)
            {
                probe.StandardOutput.ReadToEnd();
                probe.WaitForExit();
            }
            string[] arguments = [Path.Combine(Source, "build.sh"), Folder];
            using var build = Process.Start(new ProcessStartInfo("bash", arguments) { RedirectStandardError = true })!;
            string errors = build.StandardError.ReadToEnd();
            build.WaitForExit();
            return build.ExitCode switch
            {
                0 => null,
                3 => errors.Trim(),
                _ => throw new InvalidOperationException($"tests/cuda-emulator/build.sh failed:\n{errors}"),
            };
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "the CUDA emulator needs g++ (apt-get install g++)";
        }
    }
}
