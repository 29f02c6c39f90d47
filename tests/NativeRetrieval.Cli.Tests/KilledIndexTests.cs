using System.Diagnostics;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestModels;
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
            if (!Killed(process))
            {
                // It was through before: begin anew.
                Directory.Delete(_index, recursive: true);
                continue;
            }
            killed++;
            RequireIntact($"kill {killed}");
            RequireKept(seen, await RowsAsync(), $"kill {killed}");
        }
        Finish(_index);
        Finish(_folder["whole.nrx"]);
        var survivor = await RowsAsync();
        Assert.Equal(Files, survivor.Count);
        Assert.Equal(await RowsAsync(_folder["whole.nrx"]), survivor);
    }

    [Fact]
    public async Task No_kill_of_an_update_or_a_compaction_touches_what_it_is_not_about()
    {
        var random = new Random(17);
        Finish(_index);
        int updates = 0, compactions = 0;
        for (int round = 0; updates < _kills || compactions < _kills; round++)
        {
            var before = await RowsAsync();
            foreach (string path in ChangeSounds(round)) before.Remove(path);
            using (var update = Start(_index))
            {
                long target = CommitsOf() + random.Next(6);
                while (!update.HasExited && CommitsOf() < target) Thread.Sleep(1);
                if (Killed(update)) updates++;
            }
            RequireIntact($"round {round}: update");
            RequireKept(before, await RowsAsync(), $"round {round}: update");

            Finish(_index);
            var whole = await RowsAsync();
            string[] segments = Segments();
            using (var compaction = Process.Start(Program("index", "compact", _index))!)
            {
                while (!compaction.HasExited && segments.SequenceEqual(Segments())) Thread.Yield();
                Thread.Sleep(random.Next(4));
                if (Killed(compaction)) compactions++;
            }
            RequireIntact($"round {round}: compaction");
            Assert.Equal(whole, await RowsAsync());
        }
        Finish(_index);
        Finish(_folder["whole.nrx"]);
        Assert.Equal(await RowsAsync(_folder["whole.nrx"]), await RowsAsync());
    }

    /// <summary>Rewrites some files, moves others, takes one away and brings another back.</summary>
    /// <returns>Full paths of all that are not what they were.</returns>
    string[] ChangeSounds(int round)
    {
        var changed = new List<string>();
        string[] names = [.. Directory.GetFiles(_folder["sounds"]).Order(StringComparer.Ordinal)];
        for (int i = round % 3; i < names.Length; i += 7)
        {
            changed.Add(names[i]);
            if (i % 2 == 0)
            {
                WavFile.Write(names[i], 0.2, 3_000 + 500 * round + 3 * i);
                continue;
            }
            changed.Add(Path.Combine(_folder["sounds"], $"moved_{round:00}_{i:00}.wav"));
            File.Move(names[i], changed[^1]);
        }
        File.Delete(names[^1]);
        changed.Add(names[^1]);
        changed.Add(Path.Combine(_folder["sounds"], $"again_{round:00}.wav"));
        WavFile.Write(changed[^1], 0.2, 9_000 + 10 * round);
        return [.. changed];
    }

    string[] Segments() => [.. Directory.GetFiles(_index, "vectors-*").Order(StringComparer.Ordinal)];

    /// <returns>True where it was not through before.</returns>
    static bool Killed(Process process)
    {
        process.Kill();
        process.WaitForExit();
        return process.ExitCode != 0;
    }

    void Finish(string index)
    {
        using var process = Start(index);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    void RequireIntact(string when)
    {
        using var index = LocalAudioIndex.EnsureCollectionExists(_index, Settings());
        var found = index.Verify();
        Assert.True(found.IsIntact, $"{when}: {string.Join("; ", found.Problems)}");
    }

    static void RequireKept(IReadOnlyDictionary<string, string> seen, IReadOnlyDictionary<string, string> kept, string when) =>
        Assert.All(seen, row => Assert.True(kept.TryGetValue(row.Key, out string? vector) && vector == row.Value,
            $"{when}: {row.Key} was in the index and is not any more"));

    Process Start(string index) => Process.Start(Program("index", _folder["sounds"], "--model", _model, "--to", index, "--device", "cpu",
        "--quiet"))!;

    static ProcessStartInfo Program(params string[] args) => ProgramRun.Start("NativeRetrieval.Cli.dll", args);

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

    Task<SortedDictionary<string, string>> RowsAsync() => RowsAsync(_index);

    /// <summary>Vectors by path, as text.</summary>
    static async Task<SortedDictionary<string, string>> RowsAsync(string folder)
    {
        var rows = new SortedDictionary<string, string>(StringComparer.Ordinal);
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
