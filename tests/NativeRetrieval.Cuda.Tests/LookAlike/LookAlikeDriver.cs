using System.Diagnostics;
using System.Runtime.InteropServices;
using NativeRetrieval.Cuda.Interop.Libraries;
using NativeRetrieval.Cuda.Runtime;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cuda.Tests.LookAlike;

/// <summary><c>driver.c</c>, built as libcuda.so.1 and found by the same search as NVIDIA's.</summary>
internal static unsafe class LookAlikeDriver
{
    static string Folder => Path.Combine(AppContext.BaseDirectory, "look-alike");

    /// <summary>Compiles it where there is a C compiler; returns its folder, or null.</summary>
    public static string? Build()
    {
        if (!OperatingSystem.IsLinux()) return null;
        string source = Path.Combine(Fixtures.RepositoryRoot, "tests", "NativeRetrieval.Cuda.Tests", "LookAlike", "driver.c");
        string library = Path.Combine(Folder, "libcuda.so.1");
        if (File.Exists(library) && File.GetLastWriteTimeUtc(library) > File.GetLastWriteTimeUtc(source)) return Folder;
        Directory.CreateDirectory(Folder);
        string temporary = $"{library}.{Environment.ProcessId}";
        foreach (string compiler in (string[])["cc", "gcc", "clang"])
        {
            try
            {
                string[] arguments =
                [
                    "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden",
                    "-Wl,-soname,libcuda.so.1", source, "-o", temporary,
                ];
                using var process = Process.Start(new ProcessStartInfo(compiler, arguments) { RedirectStandardError = true })!;
                string errors = process.StandardError.ReadToEnd();
                process.WaitForExit();
                if (process.ExitCode != 0) throw new InvalidOperationException(errors);
                File.Move(temporary, library, overwrite: true);
                return Folder;
            }
            catch (System.ComponentModel.Win32Exception)
            {
            }
        }
        return null;
    }

    /// <summary>The look-alike's device, whole and empty; the test skips where there is no compiler.</summary>
    public static CudaContext Open(long memoryBytes = 1 << 30)
    {
        bool isUsed = CudaLibraries.Of(LibraryFamily.Driver).Path?.StartsWith(Folder, StringComparison.Ordinal) ?? false;
        Assert.SkipUnless(isUsed, "no C compiler built the look-alike driver (apt-get install gcc)");
        ((delegate* unmanaged<void>)Export("look_alike_heal"))();
        ((delegate* unmanaged<nuint, void>)Export("look_alike_memory"))((nuint)memoryBytes);
        return CudaContext.OpenPrimary();
    }

    public static long MemoryUsed => (long)((delegate* unmanaged<nuint>)Export("look_alike_memory_used"))();

    public static int Retained => ((delegate* unmanaged<int>)Export("look_alike_retained"))();

    public static int LiveHandles => ((delegate* unmanaged<int>)Export("look_alike_live_handles"))();

    /// <summary>The next call that waits for the device, and all after it, answer <paramref name="code"/>.</summary>
    public static void FailNextWait(int code) => ((delegate* unmanaged<int, void>)Export("look_alike_fail_next_wait"))(code);

    static nint Export(string name) => NativeLibrary.GetExport(CudaLibraries.Of(LibraryFamily.Driver).Handle, name);
}
