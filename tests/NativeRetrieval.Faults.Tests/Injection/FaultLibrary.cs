using System.Diagnostics;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Faults.Tests.Injection;

/// <summary>Ways in which an operation fails; <c>faults.c</c> has the same numbers.</summary>
enum FaultMode
{
    /// <summary>Nothing fails.</summary>
    None,

    /// <summary>One operation is refused: for want of space if it takes any, otherwise by an error of the disk.</summary>
    Once,

    /// <summary>The disk is full from this operation on; a write that meets the end is carried out by half. Deleting works.</summary>
    Full,

    /// <summary>From this operation on, every one meets an error of the disk.</summary>
    Dead,

    /// <summary>One write is carried out by half, and says so.</summary>
    Short,
}

/// <summary>Kinds of operations; <c>faults.c</c> has the same numbers.</summary>
enum FaultKind { TakesSpace, Write, Other }

/// <summary><c>faults.c</c>, built and loaded before the C library into a process of its own.</summary>
static unsafe class FaultLibrary
{
    const string Variable = "LD_PRELOAD";

    static readonly string _path = Path.Combine(AppContext.BaseDirectory, "faults.so");
    static nint _handle;

    /// <summary>Compiles it where there is a C compiler.</summary>
    /// <returns>The reason why there is none; null where it is there.</returns>
    public static string? Build()
    {
        if (!OperatingSystem.IsLinux()) return "the library that injects failures is for Linux";
        string source = Path.Combine(Fixtures.RepositoryRoot, "tests", "NativeRetrieval.Faults.Tests", "Injection", "faults.c");
        if (File.Exists(_path) && File.GetLastWriteTimeUtc(_path) > File.GetLastWriteTimeUtc(source)) return null;
        if (((string[])["cc", "gcc", "clang"]).Select(ProgramRun.OnPath).FirstOrDefault(found => found is not null) is not { } compiler)
            return "no C compiler builds the library that injects failures (apt-get install gcc)";
        string temporary = $"{_path}.{Environment.ProcessId}";
        string[] arguments = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden", source, "-o",
            temporary];
        using var process = Process.Start(new ProcessStartInfo(compiler, arguments) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException(errors);
        File.Move(temporary, _path, overwrite: true);
        return null;
    }

    /// <summary>The environment of a process that is to have the library.</summary>
    public static Dictionary<string, string> ForChild => new() { [Variable] = _path };

    /// <summary>Takes hold of the library in a process that was started with it.</summary>
    public static void Attach()
    {
        if (Environment.GetEnvironmentVariable(Variable) != _path) throw new InvalidOperationException($"{Variable} does not name {_path}");
        _handle = NativeLibrary.Load(_path);
        // A handle of the C library's own would lead past what stands before it.
        NativeLibrary.SetDllImportResolver(typeof(DurableFile).Assembly, (name, _, _) => name == "libc" ? _handle : 0);
    }

    /// <summary>Sees, and counts from 1, the operations on a folder and all below it; null: on none.</summary>
    public static void Watch(string? folder) => WithText(folder, "faults_watch");

    /// <summary>Writes what succeeds into a log; null: ends it.</summary>
    public static void Log(string? path) => WithText(path, "faults_log");

    /// <summary>Lets the operation of this number fail.</summary>
    public static void Arm(int number, FaultMode mode) =>
        ((delegate* unmanaged<nint, int, void>)Export("faults_arm"))(number, (int)mode);

    /// <summary>Operations seen.</summary>
    public static int Count => (int)((delegate* unmanaged<nint>)Export("faults_count"))();

    /// <summary>Name and path of the first that failed.</summary>
    public static string FirstHit => Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)Export("faults_first_hit"))())!;

    public static FaultKind Kind(int number) => (FaultKind)((delegate* unmanaged<nint, int>)Export("faults_kind"))(number);

    static void WithText(string? text, string function)
    {
        nint copy = text is null ? 0 : Marshal.StringToCoTaskMemUTF8(text);
        ((delegate* unmanaged<nint, void>)Export(function))(copy);
        Marshal.FreeCoTaskMem(copy);
    }

    static nint Export(string name) => NativeLibrary.GetExport(_handle, name);
}
