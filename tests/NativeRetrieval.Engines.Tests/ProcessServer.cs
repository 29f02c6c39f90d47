using System.Diagnostics;

namespace NativeRetrieval.Engines.Tests;

/// <summary>A process that ends with its standard input, so that none outlives the tests.</summary>
internal static class ProcessServer
{
    public static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <returns>Exit code and the end of what it wrote.</returns>
    public static (int Code, string Output) Run(string program, string folder, params string[] arguments)
    {
        using var process = Start(program, folder, arguments);
        process.StandardInput.Close();
        string errors = "";
        var reading = Task.Run(() => errors = process.StandardError.ReadToEnd());
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        reading.Wait();
        return (process.ExitCode, output + errors);
    }

    public static Process Start(string program, string folder, params string[] arguments) => Process.Start(
        new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
}
