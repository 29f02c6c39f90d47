using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using NativeRetrieval.Encoders;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary>
/// Resident memory of a process with a CNN14 of full size, 308 MiB of weights, whose values are random. It is read while the process waits
/// for its next work, when all that it has been given is done.
/// </summary>
public sealed class MemoryTests : IDisposable
{
    const double MostMiB = 500;

    static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Indexing_and_searching_by_CNN14_take_less_than_500_MiB()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the most resident memory of a process is read from /proc");
        string model = TinyModel.Write(_folder["model"], config => config with { AudioEncoder = new Cnn14Config(), MaxSeconds = 10 });
        Directory.CreateDirectory(_folder["sounds"]);
        WavFile.Write(_folder["sounds/0.wav"], 25, 300); // four windows, which are heard at once

        using (var index = Start("index", _folder["sounds"], "--model", model, "--to", _folder["i.nrx"], "--watch"))
        {
            while (await Line(index.StandardError) is { } line && !line.Contains("watching for changes", StringComparison.Ordinal)) { }
            Require(index);
            ProgramRun.Signal(index, "TERM");
            await Ended(index);
        }

        using (var search = Start("search", "--queries", "-", "--index", _folder["i.nrx"]))
        {
            await search.StandardInput.WriteLineAsync(
                JsonSerializer.Serialize(new { query = "rain falls", like = (string[])[_folder["sounds/0.wav"]] }));
            await search.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
            string answer = (await Line(search.StandardOutput))!;
            Assert.Equal(1, JsonDocument.Parse(answer).RootElement.GetProperty("hits").GetArrayLength());
            Require(search);
            search.StandardInput.Close();
            await Ended(search);
        }
    }

    static void Require(Process process)
    {
        const string key = "VmHWM:";
        string line = File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith(key, StringComparison.Ordinal));
        double peak = double.Parse(line[key.Length..].Replace("kB", ""), CultureInfo.InvariantCulture) / 1024;
        TestContext.Current.SendDiagnosticMessage("{0}", $"{process.StartInfo.ArgumentList[1]}: {peak:F0} MiB");
        // Less than the weights would mean that no encoder was there.
        Assert.InRange(peak, 308, MostMiB);
    }

    static async Task<string?> Line(TextReader reader) => await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()
        .WaitAsync(_patience, TestContext.Current.CancellationToken);

    static Task Ended(Process process) => process.WaitForExitAsync(TestContext.Current.CancellationToken)
        .WaitAsync(_patience, TestContext.Current.CancellationToken);

    static Process Start(params string[] args)
    {
        var start = ProgramRun.Start("NativeRetrieval.Cli.dll", [.. args, "--device", "cpu"]);
        start.RedirectStandardInput = true;
        start.Environment["NATIVERETRIEVAL_THREADS"] = "2";
        return Process.Start(start)!;
    }
}
