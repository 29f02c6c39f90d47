using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Faults.Tests.Scenarios;

/// <summary><c>index</c>: a new index of three sounds.</summary>
class IndexScenario(string area) : Scenario(area)
{
    const string NoIndex = "no index";

    protected string Index => Path.Combine(Work, "sounds.nrx");

    protected string Sound(string name) => Path.Combine(Area, "sounds", name);

    /// <summary>All of a new index take minutes, and neighbouring operations mostly leave the same state.</summary>
    public override int Stride => 2;

    public override Task PrepareAsync()
    {
        TinyModel.Write(Path.Combine(Area, "model"));
        Directory.CreateDirectory(Sound(""));
        Directory.CreateDirectory(Work);
        WavFile.Write(Sound("a.wav"), 0.3, 300);
        WavFile.Write(Sound("b.wav"), 2.4, 500);
        WavFile.Write(Sound("c.wav"), 0.2, 700);
        return Task.CompletedTask;
    }

    public override Task<CommandRun> RunAsync() => IndexAsync();

    protected Task<CommandRun> IndexAsync() =>
        CommandLineAsync("index", Sound(""), "--model", Path.Combine(Area, "model"), "--to", Index);

    public override async Task<IReadOnlyList<string>> SeenAsync()
    {
        LocalAudioIndex index;
        try
        {
            index = LocalAudioIndex.Open(Index, IndexAccess.Read);
        }
        catch (IndexException e) when (e.Message.Contains("there is no index", StringComparison.Ordinal))
        {
            return [NoIndex];
        }
        using (index)
        {
            if (index.Verify() is { IsIntact: false } damaged) throw new InvalidOperationException(string.Join("; ", damaged.Problems));
            var lines = new List<string>();
            foreach (var file in index.Files())
            {
                var entry = (await index.GetAsync(file.FullPath))!;
                var windows = entry.Windows.Select(window => $"{window.StartSeconds}-{window.EndSeconds} "
                    + Convert.ToHexString(MemoryMarshal.AsBytes(window.Vector.Span)));
                lines.Add($"{Path.GetFileName(file.FullPath)} {file.ContentHash} {file.ModifiedUtc.Ticks} {string.Join(' ', windows)}");
            }
            return [.. lines.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Each file is there as before or as after, and one that is in both states is there.</summary>
    public override bool IsWhole(IReadOnlyList<string> seen, IReadOnlyList<string> before, IReadOnlyList<string> after)
    {
        if (seen is [NoIndex]) return before is [NoIndex];
        string[] names = [.. seen.Select(Name)];
        return seen.All(line => before.Contains(line) || after.Contains(line)) && names.Distinct().Count() == names.Length
            && before.Select(Name).Intersect(after.Select(Name)).All(name => name == NoIndex || names.Contains(name));

        static string Name(string line) => line.Split(' ')[0];
    }

    public override async Task<IReadOnlyList<string>> ResultAsync()
    {
        using var index = LocalAudioIndex.Open(Index, IndexAccess.Read);
        var hits = await index.SearchAsync(new float[] { 1, -2, 3, -4, 5, -6, 7, -8 });
        var stats = index.Stats();
        return [.. await SeenAsync(), .. hits.Select(hit => $"{hit.Path} {hit.StartSeconds} {hit.Score}"),
            $"{stats.Files} {stats.Windows} {stats.DeletedWindows}",
            .. Names().Select(name => name.StartsWith("sounds.nrx/vectors-", StringComparison.Ordinal) ? "segment" : name)];
    }
}

/// <summary><c>index</c> on a folder of which one sound has changed, one is gone and one is new.</summary>
sealed class IndexUpdateScenario(string area) : IndexScenario(area)
{
    public override int Stride => 1;

    public override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        await MustAsync(IndexAsync());
        WavFile.Write(Sound("b.wav"), 0.4, 900);
        File.Delete(Sound("c.wav"));
        WavFile.Write(Sound("d.wav"), 0.3, 1100);
    }
}

/// <summary><c>index compact</c> of an index with rows that no sound uses any more.</summary>
sealed class CompactScenario(string area) : IndexScenario(area)
{
    public override int Stride => 1;

    public override async Task PrepareAsync()
    {
        await base.PrepareAsync();
        await MustAsync(IndexAsync());
        File.Delete(Sound("b.wav"));
        WavFile.Write(Sound("d.wav"), 0.3, 1100);
        await MustAsync(IndexAsync());
    }

    public override Task<CommandRun> RunAsync() => CommandLineAsync("index", "compact", Index);
}
