using System.Diagnostics;

namespace NativeRetrieval.Packages.Tests;

/// <summary>A command line of a user, and what it left.</summary>
internal sealed record Shell(int ExitCode, string Out, string Error)
{
    /// <param name="environment">Variables beside the inherited ones; a null value removes one.</param>
    public static Shell Run(string folder, IReadOnlyDictionary<string, string?> environment, string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Builds inside take neither the servers nor the settings of the build that runs these tests.
        foreach (var (name, value) in (KeyValuePair<string, string?>[])[new("MSBUILDDISABLENODEREUSE", "1"),
            new("DOTNET_CLI_UI_LANGUAGE", "en"), new("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), new("DOTNET_NOLOGO", "1"),
            new("MSBuildSDKsPath", null), .. environment])
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output, error.Result);
    }

    /// <summary>Output of a command that ends well.</summary>
    public string Succeeds()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Out}\n{Error}");
        return Out;
    }
}
