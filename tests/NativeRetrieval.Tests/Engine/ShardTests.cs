using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Engine;

/// <summary>Jobs that index shares of a folder, and the one index that is made of them.</summary>
public sealed class ShardTests : IDisposable
{
    const int RateHz = 32_000, Shards = 3, Sounds = 24, SegmentHeaderBytes = 4096;

    readonly TemporaryFolder _folder = new();
    readonly RetrievalEngine _engine;

    public ShardTests()
    {
        _engine = TinyModel.Open(_folder["model"], config => config with { MaxSeconds = 1 });
        for (int i = 0; i < Sounds; i++) Write($"{i % 4}/sound {i:00}.wav", 0.3 + 0.2 * (i % 6), seed: i % 20);
    }

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Merged_shards_are_one_machines_index_bit_by_bit()
    {
        await IndexAllAsync(_folder["one.nrx"], shard: null);
        foreach (int number in (int[])[2, 3, 1]) await IndexShardAsync(number);
        var report = await MergeAsync("merged.nrx");
        Assert.Equal((Shards, Sounds, 0, 0), (report.Shards, report.Added, report.Unchanged, report.Others));
        Assert.False(report.ListingsDiffer);
        AssertSame("one.nrx", "merged.nrx");

        // Again: nothing changes.
        byte[] before = File.ReadAllBytes(_folder["merged.nrx/vectors-000001.nrs"]);
        report = await MergeAsync("merged.nrx");
        Assert.Equal((0, Sounds), (report.Added, report.Unchanged));
        Assert.Equal(before, File.ReadAllBytes(_folder["merged.nrx/vectors-000001.nrs"]));
    }

    [Fact]
    public async Task Every_sound_is_in_one_shard_and_copies_are_in_the_same()
    {
        for (int number = 1; number <= Shards; number++) await IndexShardAsync(number);
        var shards = ShardFolder.Open(_folder["shards"]);
        var counts = shards.Shards.Select(shard => shard.Manifest!.Positions.Count).ToList();
        Assert.Equal(Sounds, counts.Sum());
        Assert.All(counts, count => Assert.InRange(count, 1, Sounds - 2));
        Assert.Equal(Enumerable.Range(0, Sounds), shards.Shards.SelectMany(shard => shard.Manifest!.Positions).Order());

        File.Copy(_folder["sounds/0/sound 00.wav"], _folder["sounds/copy.wav"]);
        Assert.Equal(Shard.NumberOf(_folder["sounds/0/sound 00.wav"], 1000), Shard.NumberOf(_folder["sounds/copy.wav"], 1000));
    }

    [Fact]
    public async Task An_incomplete_shard_is_named_and_only_it_is_run_again()
    {
        await IndexShardAsync(1);
        await IndexShardAsync(3);
        Assert.Equal([2], ShardFolder.Open(_folder["shards"]).Missing);
        var error = await Assert.ThrowsAsync<IndexException>(() => MergeAsync("merged.nrx"));
        Assert.Contains("1 of 3 shards are not complete: 2; shard 2 was not begun", error.Message, StringComparison.Ordinal);
        Assert.Contains("--shard 2/3", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["merged.nrx"]));

        // A job that was killed after some commits: its index is there, its manifest is not, or is that of an earlier run.
        await IndexShardAsync(2);
        var shard = ShardFolder.Open(_folder["shards"]).Shards[1];
        using (var index = LocalAudioIndex.Open(shard.Folder, IndexAccess.Write)) await index.DeleteAsync([index.Files()[0].FullPath],
            Cancellation);
        Assert.Equal("was changed by a run that is not finished", ShardFolder.Open(_folder["shards"]).Shards[1].State);
        File.Delete(shard.Folder + ".json");
        Assert.Equal("was not finished", ShardFolder.Open(_folder["shards"]).Shards[1].State);

        var report = await IndexShardAsync(2);
        Assert.Equal((1, 0), (report.Embedded + report.Moved, report.Skipped.Count));
        await MergeAsync("merged.nrx");
        await IndexAllAsync(_folder["one.nrx"], shard: null);
        AssertSame("one.nrx", "merged.nrx");
    }

    [Fact]
    public async Task A_merge_that_was_interrupted_goes_on()
    {
        for (int number = 1; number <= Shards; number++) await IndexShardAsync(number);
        using (var stopped = new CancellationTokenSource())
        {
            var progress = new StoppingProgress(stopped, after: 18);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => MergeAsync("merged.nrx", progress, stopped.Token));
        }
        var report = await MergeAsync("merged.nrx");
        Assert.Equal((8, 16), (report.Added, report.Unchanged));
        await IndexAllAsync(_folder["one.nrx"], shard: null);
        AssertSame("one.nrx", "merged.nrx");
    }

    [Fact]
    public async Task A_sound_whose_content_changes_moves_to_its_new_shard()
    {
        for (int number = 1; number <= Shards; number++) await IndexShardAsync(number);
        string path = _folder["sounds/1/sound 01.wav"];
        int former = Shard.NumberOf(path, Shards), seed = 1_000;
        do Write("1/sound 01.wav", 1.1, seed++);
        while (Shard.NumberOf(path, Shards) == former);
        int now = Shard.NumberOf(path, Shards);
        await IndexShardAsync(now);
        var error = await Assert.ThrowsAsync<IndexException>(() => MergeAsync("merged.nrx"));
        Assert.Contains($"is in shards {Math.Min(now, former)} and {Math.Max(now, former)}", error.Message, StringComparison.Ordinal);
        await IndexShardAsync(former);
        Assert.Equal(Sounds, (await MergeAsync("merged.nrx")).Added);
    }

    [Fact]
    public async Task Shards_that_do_not_belong_together_are_refused()
    {
        Assert.Throws<OptionException>(() => ShardFolder.Open(_folder["none"]));
        await IndexShardAsync(1);
        Directory.CreateDirectory(_folder["shards/shard-00001-of-00004"]);
        Assert.Contains("into 3 and 4", Assert.Throws<OptionException>(() => ShardFolder.Open(_folder["shards"])).Message,
            StringComparison.Ordinal);
        Directory.Delete(_folder["shards/shard-00001-of-00004"]);
        File.WriteAllText(_folder["shards/shard-00001-of-00003.json"], "{\"schema_version\": 1}");
        Assert.Contains("delete it and index that shard again",
            Assert.Throws<CorruptFileException>(() => ShardFolder.Open(_folder["shards"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0/8")]
    [InlineData("9/8")]
    [InlineData("3")]
    [InlineData("a/b")]
    [InlineData("1/100001")]
    [InlineData("-1/3")]
    public void A_wrong_shard_is_refused(string text) => Assert.Throws<OptionException>(() => Shard.Parse(text));

    async Task<IndexingReport> IndexShardAsync(int number)
    {
        var shard = new Shard(number, Shards);
        string folder = Path.Combine(_folder["shards"], shard.Name);
        var report = await IndexAllAsync(folder, shard);
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
        ShardManifest.Write(_folder["shards"], shard, index, report);
        return report;
    }

    async Task<IndexingReport> IndexAllAsync(string folder, Shard? shard)
    {
        using var index = LocalAudioIndex.EnsureCollectionExists(folder, _engine.IndexSettings());
        return await new AudioIndexer(_engine, index) { Shard = shard }.RunAsync([_folder["sounds"]], cancellation: Cancellation);
    }

    async Task<MergeReport> MergeAsync(string name, IProgress<(int, int)>? progress = null, CancellationToken? cancellation = null)
    {
        var merge = new ShardMerge(ShardFolder.Open(_folder["shards"]));
        using var index = LocalAudioIndex.EnsureCollectionExists(_folder[name], merge.Settings());
        return await merge.RunAsync(index, progress, cancellation ?? Cancellation);
    }

    /// <summary>The same files with the same details in the same order, and the same bytes of vectors.</summary>
    void AssertSame(string expected, string actual)
    {
        using var one = LocalAudioIndex.Open(_folder[expected], IndexAccess.Read);
        using var other = LocalAudioIndex.Open(_folder[actual], IndexAccess.Read);
        Assert.Equal(one.Files(), other.Files());
        Assert.Equal(one.Details().Select(pair => (pair.Key, pair.Value!.Title, pair.Value.DurationSeconds)),
            other.Details().Select(pair => (pair.Key, pair.Value!.Title, pair.Value.DurationSeconds)));
        Assert.Equal(File.ReadAllBytes(_folder[expected + "/vectors-000001.nrs"])[SegmentHeaderBytes..],
            File.ReadAllBytes(_folder[actual + "/vectors-000001.nrs"])[SegmentHeaderBytes..]);
        Assert.True(other.Verify().IsIntact);
    }

    void Write(string name, double seconds, int seed)
    {
        string path = Path.Combine(_folder["sounds"], name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var random = new Random(seed);
        var samples = new short[(int)(seconds * RateHz)];
        for (int i = 0; i < samples.Length; i++) samples[i] = (short)random.Next(-16_000, 16_000);
        WavFile.Write(path, samples, RateHz);
    }

    sealed class StoppingProgress(CancellationTokenSource stopped, int after) : IProgress<(int Done, int Total)>
    {
        public void Report((int Done, int Total) value)
        {
            if (value.Done == after) stopped.Cancel();
        }
    }
}
