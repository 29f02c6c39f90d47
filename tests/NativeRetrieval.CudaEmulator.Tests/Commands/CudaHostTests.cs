using System.Globalization;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Commands;

/// <summary>The sample of a host with CUDA code of its own, as a process.</summary>
public sealed class CudaHostTests
{
    const int Rows = 5, Columns = 64;

    [Fact]
    public void The_sample_scores_the_hosts_matrix_in_the_hosts_memory()
    {
        Emulator.RequireDevice();
        using var cache = new TemporaryFolder();
        // The sample's own calls go to the driver that the system finds; the library is told the same folder.
        var environment = new Dictionary<string, string> { ["XDG_CACHE_HOME"] = cache["cache"] };
        if (Emulator.IsUsed) environment["LD_LIBRARY_PATH"] = Emulator.Folder;
        var run = ProgramRun.Of("CudaHost.dll", environment);
        Assert.True(run.ExitCode == 0, run.Error);

        double[] matrix = [.. Enumerable.Range(0, Rows * Columns).Select(i => i * 37 % 64 - 31.5 + i / 64)];
        double[] expected = [.. Enumerable.Range(0, Rows).Select(row => Dot(row, 0) / Math.Sqrt(Dot(row, row) * Dot(0, 0)))];
        string[] lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.Equal(Rows, lines.Length);
        for (int row = 0; row < Rows; row++)
        {
            Assert.StartsWith($"row {row}: ", lines[row]);
            Assert.Equal(expected[row], double.Parse(lines[row].Split(": ")[1], CultureInfo.InvariantCulture), 1e-4);
        }

        double Dot(int a, int b) => Enumerable.Range(0, Columns).Sum(i => matrix[a * Columns + i] * matrix[b * Columns + i]);
    }
}
