using System.Diagnostics;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Tests;

/// <summary>Runs a test's body in a process of its own, with other libraries: a process searches for them once.</summary>
internal static class ChildRun
{
    const string Variable = "NATIVERETRIEVAL_TEST_LIBRARIES";

    /// <summary>
    /// Starts this assembly again with the calling test alone; there, runs <paramref name="body"/>. Skips where the libraries were
    /// not fetched.
    /// </summary>
    /// <param name="set">One of <see cref="CudaTestLibraries"/>.</param>
    public static async Task WithAsync(string set, Action body)
    {
        if (Environment.GetEnvironmentVariable(Variable) == set)
        {
            body();
            return;
        }
        string? folder = CudaTestLibraries.Folder(set);
        Assert.SkipWhen(folder is null, CudaTestLibraries.WhyAbsent(set));
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Under a plain host the executable is dotnet itself and the assembly its first argument.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(typeof(ChildRun).Assembly.Location);
        var context = TestContext.Current;
        string method = $"{context.TestClass!.TestClassName}.{context.TestMethod!.MethodName}";
        foreach (string argument in (string[])["-method", method, "-noColor"]) start.ArgumentList.Add(argument);
        start.Environment[SearchPlaces.PathVariable] = folder;
        start.Environment[Variable] = set;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(context.CancellationToken);
        string errors = await process.StandardError.ReadToEndAsync(context.CancellationToken);
        await process.WaitForExitAsync(context.CancellationToken);
        string text = await output + errors;
        Assert.True(process.ExitCode == 0 && text.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", StringComparison.Ordinal), text);
    }
}
