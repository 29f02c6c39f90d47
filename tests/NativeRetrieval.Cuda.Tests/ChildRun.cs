using System.Diagnostics;
using NativeRetrieval.Cuda.Interop.Libraries;

namespace NativeRetrieval.Cuda.Tests;

/// <summary>Runs explicit tests of this assembly in a process of their own, with other libraries.</summary>
internal static class ChildRun
{
    /// <param name="cudaPath">NATIVERETRIEVAL_CUDA_PATH of the process.</param>
    public static async Task PassesAsync(Type testClass, string cudaPath)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Under a plain host the executable is dotnet itself and the assembly its first argument.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(testClass.Assembly.Location);
        foreach (string argument in (string[])["-class", testClass.FullName!, "-explicit", "only", "-noColor"]) start.ArgumentList.Add(argument);
        start.Environment[SearchPlaces.PathVariable] = cudaPath;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        string text = await output + errors;
        Assert.True(process.ExitCode == 0, text);
        Assert.DoesNotContain("Total: 0,", text);
    }
}
