using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

public sealed class SearchTests : IDisposable
{
    const int FileCount = 60;

    readonly TemporaryFolder _temporary = new();
    readonly LocalAudioIndex _index;
    readonly List<(string Path, int Window, float[] Vector)> _rows = [];

    public SearchTests()
    {
        _index = LocalAudioIndex.Create(_temporary["sounds.nrx"], Samples.Settings, orOpen: false, DiskIo.Shared,
            maxSegmentRows: 50);
        var entries = Enumerable.Range(0, FileCount).Select(i => Samples.Entry(i, windows: 1 + i % 5)).ToList();
        _index.UpsertAsync(entries, CancellationToken.None).GetAwaiter().GetResult();
        foreach (var entry in entries)
            for (int i = 0; i < entry.Windows.Count; i++) _rows.Add((entry.File.FullPath, i, entry.Windows[i].Vector.ToArray()));
    }

    public void Dispose()
    {
        _index.Dispose();
        _temporary.Dispose();
    }

    Task<IReadOnlyList<SearchHit>> Search(int seed, AudioSearchOptions options) =>
        _index.SearchAsync(Samples.Vector(seed), options, TestContext.Current.CancellationToken);

    List<(string Path, int Window, double Score)> Expected(int seed) =>
        [.. _rows.Select(row => (row.Path, row.Window, Score: Samples.Cosine(Samples.Vector(seed), row.Vector)))
            .OrderByDescending(row => row.Score)];

    [Fact]
    public async Task AllWindowsAreRankedByCosine()
    {
        var expected = Expected(42);
        var hits = await Search(42, new() { Top = 1000, Grouping = HitGrouping.AllWindows });
        Assert.Equal(expected.Select(row => (row.Path, 5.0 * row.Window)), hits.Select(hit => (hit.Path, hit.StartSeconds)));
        Assert.Equal(Enumerable.Range(1, expected.Count), hits.Select(hit => hit.Rank));
        for (int i = 0; i < hits.Count; i++) Assert.Equal(expected[i].Score, hits[i].Score, 1e-6);
        Assert.All(hits, hit => Assert.Equal(hit.StartSeconds + 10, hit.EndSeconds));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(FileCount)]
    [InlineData(1000)]
    public async Task EachFileAppearsOnceWithItsBestWindow(int top)
    {
        var expected = Expected(43).DistinctBy(row => row.Path).Take(top);
        var hits = await Search(43, new() { Top = top });
        Assert.Equal(expected.Select(row => (row.Path, 5.0 * row.Window)), hits.Select(hit => (hit.Path, hit.StartSeconds)));
    }

    [Fact]
    public async Task AFileOfManyGoodWindowsDoesNotCrowdOutTheOthers()
    {
        var windows = Enumerable.Range(0, 500)
            .Select(i => new AudioWindow(i, i + 1, Samples.Vector(44).Select((x, at) => at == 0 ? x + 1e-4f * i : x).ToArray())).ToList();
        await _index.UpsertAsync(new AudioIndexEntry(Samples.File(999), windows), TestContext.Current.CancellationToken);
        var hits = await Search(44, new() { Top = 10 });
        Assert.Equal(Samples.PathOf(999), hits[0].Path);
        Assert.Equal(Expected(44).DistinctBy(row => row.Path).Take(9).Select(row => row.Path), hits.Skip(1).Select(hit => hit.Path));
    }

    [Fact]
    public async Task SkipPagesThroughTheSameRanking()
    {
        var all = await Search(45, new() { Top = 30 });
        var second = await Search(45, new() { Top = 10, Skip = 10 });
        Assert.Equal(all.Skip(10).Take(10), second);
        Assert.Empty(await Search(45, new() { Skip = 100_000 }));
    }

    [Fact]
    public async Task MinScoreCutsTheRanking()
    {
        var all = await Search(46, new() { Top = 100 });
        Assert.Equal(all.Take(13), await Search(46, new() { Top = 100, MinScore = all[12].Score }));
        Assert.Empty(await Search(46, new() { MinScore = 1.5f }));
    }

    [Theory]
    [InlineData("1?.wav", 10)]
    [InlineData("*.wav", FileCount)]
    [InlineData("sounds/1/*", 20)]
    [InlineData("/library/**/2/*.wav", 20)]
    [InlineData("nothing*", 0)]
    public async Task ThePathFilterIsAppliedBeforeRanking(string filter, int files)
    {
        var hits = await Search(47, new() { Top = 1000, PathFilter = filter });
        Assert.Equal(files, hits.Count);
        Assert.Equal(Expected(47).DistinctBy(row => row.Path).Select(row => row.Path).Where(path => hits.Any(hit => hit.Path == path)),
            hits.Select(hit => hit.Path));
    }

    [Fact]
    public async Task ABatchGivesTheBitsOfItsQueriesAlone()
    {
        int[] seeds = [.. Enumerable.Range(100, 11)];
        var batch = await _index.SearchBatchAsync(seeds.SelectMany(seed => Samples.Vector(seed)).ToArray(), new() { Top = 20 },
            TestContext.Current.CancellationToken);
        for (int q = 0; q < seeds.Length; q++) Assert.Equal(await Search(seeds[q], new() { Top = 20 }), batch[q]);
    }

    [Fact]
    public async Task EqualScoresAreRankedByRow()
    {
        var twin = Samples.Vector(7);
        await _index.UpsertAsync([.. Enumerable.Range(2000, 5)
            .Select(i => new AudioIndexEntry(Samples.File(i), [new AudioWindow(0, 1, twin)]))], TestContext.Current.CancellationToken);
        var hits = await Search(7, new() { Top = 5 });
        Assert.Equal(Enumerable.Range(2000, 5).Select(i => Samples.PathOf(i)), hits.Select(hit => hit.Path));
    }

    [Fact]
    public async Task BFloat16FindsTheSameNeighboursWithinItsRounding()
    {
        using var half = LocalAudioIndex.Create(_temporary["half.nrx"], Samples.BFloat16Settings);
        await half.UpsertAsync([.. Enumerable.Range(0, FileCount).Select(i => Samples.Entry(i, windows: 1 + i % 5))],
            TestContext.Current.CancellationToken);
        var exact = (await Search(48, new() { Top = FileCount })).ToDictionary(hit => hit.Path);
        var hits = await half.SearchAsync(Samples.Vector(48), new() { Top = FileCount }, TestContext.Current.CancellationToken);
        Assert.Equal(FileCount, hits.Count);
        Assert.All(hits, hit => Assert.InRange(hit.Score - exact[hit.Path].Score, -0.004f, 0.004f));
        Assert.Contains(hits, hit => hit.Score != exact[hit.Path].Score);
    }

    [Fact]
    public async Task AnEmptyIndexAnswersWithNothing()
    {
        using var empty = LocalAudioIndex.Create(_temporary["empty.nrx"], Samples.Settings);
        Assert.Empty(await empty.SearchAsync(Samples.Vector(1), cancellationToken: TestContext.Current.CancellationToken));
        Assert.True(empty.Verify().IsIntact);
    }

    [Fact]
    public async Task ImpossibleRequestsAreRefused()
    {
        await Assert.ThrowsAsync<OptionException>(() => Search(1, new() { Top = 0 }));
        await Assert.ThrowsAsync<OptionException>(() => Search(1, new() { Skip = -1 }));
        await Assert.ThrowsAsync<OptionException>(() => Search(1, new() { MinScore = float.NaN }));
        await Assert.ThrowsAsync<IndexException>(() => _index.SearchAsync(new float[3],
            cancellationToken: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<IndexException>(() => _index.SearchBatchAsync(new float[Samples.Dimension + 1],
            cancellationToken: TestContext.Current.CancellationToken));
    }
}
