using System.Diagnostics;

namespace NativeRetrieval.TestSupport;

/// <summary>A program of this repository as a process of its own, and what it left.</summary>
public sealed record ProgramRun(int ExitCode, string Out, string Error)
{
    /// <param name="assembly">File name in the folder of the tests, such as <c>NativeRetrieval.Cli.dll</c>.</param>
    /// <param name="environment">Variables beside the inherited ones.</param>
    public static ProgramRun Of(string assembly, IReadOnlyDictionary<string, string> environment, params string[] args) =>
        Of(["dotnet"], assembly, environment, args);

    /// <summary>The same as a user without privileges: as root, permissions bind nobody.</summary>
    /// <returns>Null where there is no way to run as another user, or that user may not read the program.</returns>
    public static ProgramRun? Unprivileged(string assembly, IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        if (!Environment.IsPrivilegedProcess) return Of(assembly, environment, args);
        if (OnPath("setpriv") is not { } setpriv || OnPath("dotnet") is not { } dotnet) return null;
        string[] nobody = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"];
        using var reads = Process.Start(nobody[0], [.. nobody[1..], "test", "-r", Path.Combine(AppContext.BaseDirectory, assembly)]);
        reads.WaitForExit();
        return reads.ExitCode == 0 ? Of([.. nobody, dotnet], assembly, environment, args) : null;
    }

    /// <summary>The full path of a program that the shell would find, or null.</summary>
    public static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>The start of a program whose output and errors a test reads.</summary>
    /// <param name="assembly">File name in the folder of the tests, such as <c>NativeRetrieval.Cli.dll</c>.</param>
    public static ProcessStartInfo Start(string assembly, params string[] args) => Start(["dotnet"], assembly, args);

    /// <summary>Sends a signal, such as TERM, as another program would.</summary>
    public static void Signal(Process process, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    static ProcessStartInfo Start(string[] host, string assembly, string[] args) =>
        new(host[0], [.. host[1..], Path.Combine(AppContext.BaseDirectory, assembly), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

    static ProgramRun Of(string[] host, string assembly, IReadOnlyDictionary<string, string> environment, string[] args)
    {
        var start = Start(host, assembly, args);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, error.Result);
    }
}
