using System.Diagnostics;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Cli.Tests;

/// <summary>The program that indexes is killed, as by <c>kill -9</c>, at random commits, and the next run goes on.</summary>
public sealed class KilledIndexTests : IDisposable
{
    const int Files = 70;

    /// <summary>Commits of a whole run and a few more: files by sixteen, texts, background, scale.</summary>
    const int Commits = 9;

    /// <summary>The long form, for a machine with time: <c>NATIVERETRIEVAL_KILLS=50</c>.</summary>
    static readonly int _kills = int.TryParse(Environment.GetEnvironmentVariable("NATIVERETRIEVAL_KILLS"), out int n) && n > 0 ? n : 3;

    readonly TemporaryFolder _folder = new();
    readonly string _index, _model;

    public KilledIndexTests()
    {
        _model = TinyModel.Write(_folder["model"]);
        _index = _folder["i.nrx"];
        Directory.CreateDirectory(_folder["sounds"]);
        for (int i = 0; i < Files; i++) WavFile.Write(_folder[$"sounds/{(i % 2 == 0 ? "dog" : "rain")}_{i:00}.wav"], 0.2, 200 + 37 * i);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task No_kill_loses_a_row_that_a_reader_has_seen()
    {
        var random = new Random(16);
        int killed = 0;
        while (killed < _kills)
        {
            using var process = Start(_index);
            long target = CommitsOf() + random.Next(Commits);
            while (!process.HasExited && CommitsOf() < target) Thread.Sleep(1);
            var seen = await RowsAsync();
            process.Kill();
            process.WaitForExit();
            if (process.ExitCode == 0)
            {
                // It was through before: begin anew.
                Directory.Delete(_index, recursive: true);
                continue;
            }
            killed++;
            using (var index = LocalAudioIndex.EnsureCollectionExists(_index, Settings()))
            {
                var found = index.Verify();
                Assert.True(found.IsIntact, $"kill {killed}: {string.Join("; ", found.Problems)}");
            }
            var kept = await RowsAsync();
            Assert.All(seen, row => Assert.True(kept.TryGetValue(row.Key, out string? vector) && vector == row.Value,
                $"kill {killed}: {row.Key} was in the index and is not any more"));
        }
        foreach (string folder in (string[])[_index, _folder["whole.nrx"]])
        {
            using var process = Start(folder);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
        var survivor = await RowsAsync();
        Assert.Equal(Files, survivor.Count);
        Assert.Equal((await RowsAsync(_folder["whole.nrx"])).OrderBy(row => row.Key, StringComparer.Ordinal),
            survivor.OrderBy(row => row.Key, StringComparer.Ordinal));
    }

    Process Start(string index) => Process.Start(new ProcessStartInfo("dotnet",
        [Path.Combine(AppContext.BaseDirectory, "NativeRetrieval.Cli.dll"), "index", _folder["sounds"], "--model", _model, "--to", index,
            "--device", "cpu", "--quiet"]))!;

    IndexSettings Settings()
    {
        using var engine = Engine.RetrievalEngine.Open(_model, Core.Devices.CpuDevice.Shared, Models.ModelParts.Audio);
        return engine.IndexSettings();
    }

    /// <summary>Commits so far; 0 where there is no index yet.</summary>
    long CommitsOf()
    {
        try
        {
            using var index = LocalAudioIndex.Open(_index, IndexAccess.Read);
            return index.Commits;
        }
        catch (IndexException)
        {
            return 0;
        }
    }

    Task<Dictionary<string, string>> RowsAsync() => RowsAsync(_index);

    /// <summary>Vectors by path, as text.</summary>
    static async Task<Dictionary<string, string>> RowsAsync(string folder)
    {
        var rows = new Dictionary<string, string>();
        try
        {
            using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
            foreach (var file in index.Files())
                rows[file.FullPath] = string.Join(' ', (await index.GetAsync(file.FullPath, TestContext.Current.CancellationToken))!.Windows
                    .Select(window => string.Join(',', window.Vector.ToArray())));
        }
        catch (IndexException)
        {
            // There is no index yet.
        }
        return rows;
    }
}
