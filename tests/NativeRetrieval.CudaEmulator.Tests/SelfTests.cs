using System.Diagnostics;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests;

/// <summary>
/// The emulator's own proof: kernels with planted bugs, each found and named; streams, graphs, memory, matrix products, convolutions.
/// </summary>
public class SelfTests
{
    /// <summary>The number of lines that the self-test must print: one that ends early has not passed.</summary>
    const int Expected = 66;

    [Theory]
    [InlineData("forward", 1)]
    [InlineData("reverse", 1)]
    [InlineData("random", 1)]
    [InlineData("random", 2)]
    public async Task Every_planted_bug_is_found_and_what_is_right_passes(string order, int seed)
    {
        Emulator.Require();
        string[] folders = [Path.Combine(Fixtures.RepositoryRoot, "kernels"), Path.Combine(Emulator.Source, "selftest")];
        var start = new ProcessStartInfo(Path.Combine(Emulator.Folder, "selftest", "selftest"), folders)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NR_EMU_ORDER"] = order;
        start.Environment["NR_EMU_SEED"] = seed.ToString(System.Globalization.CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(lines, line => !line.StartsWith("ok ", StringComparison.Ordinal));
        Assert.True(process.ExitCode == 0 && lines.Length == Expected,
            $"{lines.Length} tests ran of {Expected}, exit code {process.ExitCode}\n{await errors}");
    }
}
