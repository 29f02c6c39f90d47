using System.Diagnostics;

namespace NativeRetrieval.TestSupport;

/// <summary>A program of this repository as a process of its own, and what it left.</summary>
public sealed record ProgramRun(int ExitCode, string Out, string Error)
{
    /// <param name="assembly">File name in the folder of the tests, such as <c>NativeRetrieval.Cli.dll</c>.</param>
    /// <param name="environment">Variables beside the inherited ones.</param>
    public static ProgramRun Of(string assembly, IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, assembly), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, error.Result);
    }
}
