using NativeRetrieval.Audio.Metadata;
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
    readonly Clock _clock = new();

    /// <summary>Folders that are indexed, with a describer for what tables say of their sounds.</summary>
    string[] _roots;
    FileDescriber _describer = new();

    public ShardTests()
    {
        _roots = [_folder["sounds"]];
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
        await IndexShardsAsync();
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
        await IndexShardsAsync();
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
        await IndexShardsAsync();
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
    public async Task Texts_that_changed_are_merged_and_nothing_is_added()
    {
        await IndexBothAsync();
        string[] tags = ["soft", "dry"];
        _describer = new FileDescriber
        {
            Sidecar = path => !path.EndsWith("5.wav", StringComparison.Ordinal) ? null
                : new SoundText { Title = "A gong", Category = "BELLS", Tags = tags, Library = "Temple" },
            Ucs = new Dictionary<string, UcsCategory> { ["BELLGong"] = new("BELLS", "GONG", "tam-tam") },
        };
        var report = await IndexBothAsync();
        Assert.Equal((0, Sounds, 2), (report.Added, report.Unchanged, report.Redescribed));
        // Keywords alone.
        tags = ["soft", "wet"];
        Assert.Equal(2, (await IndexBothAsync()).Redescribed);
        Assert.Equal(0, (await IndexBothAsync()).Redescribed);
        using var merged = LocalAudioIndex.Open(_folder["merged.nrx"], IndexAccess.Read);
        Assert.Equal(["soft", "wet"], merged.Details()[_folder["sounds/1/sound 05.wav"]]!.Tags);
    }

    [Fact]
    public async Task Files_that_came_changed_moved_and_went_are_merged_as_one_machine_indexes_them()
    {
        await IndexBothAsync();
        _clock.Now = _clock.Now.AddDays(1);
        File.Delete(_folder["sounds/1/sound 05.wav"]);
        File.Move(_folder["sounds/2/sound 06.wav"], _folder["sounds/0/moved.wav"]);
        File.Copy(_folder["sounds/3/sound 07.wav"], _folder["sounds/0/copy.wav"]);
        File.SetLastWriteTimeUtc(_folder["sounds/0/sound 08.wav"], new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Write("1/sound 09.wav", 1.1, seed: 1_000);
        Write("2/new.wav", 0.5, seed: 1_001);
        var report = await IndexBothAsync();
        Assert.Equal((3, Sounds - 3, 1, 1, 0), (report.Added, report.Unchanged, report.Moved, report.Removed, report.Others));

        // Shards that begin anew know nothing of former days; the index does.
        _clock.Now = _clock.Now.AddDays(1);
        Directory.Delete(_folder["shards"], recursive: true);
        report = await IndexBothAsync();
        Assert.Equal((0, Sounds + 1, 0, 0), (report.Added, report.Unchanged, report.Moved, report.Removed));
        File.Delete(_folder["sounds/2/new.wav"]);
        Directory.Delete(_folder["shards"], recursive: true);
        Assert.Equal(1, (await IndexBothAsync()).Removed);
    }

    [Fact]
    public async Task A_file_known_by_a_link_moves_to_its_real_path()
    {
        Directory.CreateSymbolicLink(_folder["link"], _folder["sounds"]);
        _roots = [_folder["link"]];
        await IndexBothAsync();
        _roots = [_folder["sounds"]];
        var report = await IndexBothAsync();
        Assert.Equal((0, Sounds, 0), (report.Added, report.Moved, report.Others));
    }

    [Fact]
    public async Task A_file_that_is_not_certainly_gone_stays()
    {
        Directory.CreateDirectory(_folder["other"]);
        File.Move(_folder["sounds/0/sound 00.wav"], _folder["other/elsewhere.wav"]);
        _roots = [_folder["sounds"], _folder["other"]];
        await IndexBothAsync();

        // Outside of the folders that the jobs look through now, and a sound that cannot be read any more.
        _roots = [_folder["sounds"]];
        File.Delete(_folder["other/elsewhere.wav"]);
        File.WriteAllText(_folder["sounds/1/sound 01.wav"], "no sound");
        Directory.Delete(_folder["shards"], recursive: true);
        var report = await IndexBothAsync();
        Assert.Equal((0, 0, 2, 1), (report.Added, report.Removed, report.Others, report.Skipped.Count));
        // From where shards are merged the sounds cannot be seen, perhaps.
        File.Move(_folder["sounds/1/sound 01.wav"], _folder["unseen.wav"]);
        report = await MergeAsync("merged.nrx");
        Assert.Equal((0, 2), (report.Removed, report.Others));
        File.Move(_folder["unseen.wav"], _folder["sounds/1/sound 01.wav"]);

        // The jobs did not see the same files: one of them ran before the file went.
        int number = Shard.NumberOf(_folder["sounds/2/sound 02.wav"], Shards);
        File.Move(_folder["sounds/2/sound 02.wav"], _folder["sounds/2/renamed.wav"]);
        await IndexShardAsync(number);
        report = await MergeAsync("merged.nrx");
        Assert.True(report.ListingsDiffer);
        Assert.Equal((1, 0, 0, 3), (report.Added, report.Moved, report.Removed, report.Others));
        await IndexShardsAsync();
        report = await MergeAsync("merged.nrx");
        Assert.Equal((0, 0, 1, 2), (report.Added, report.Moved, report.Removed, report.Others));

        // Its content changed after the one job and before the other: it is in no shard.
        string path = _folder["sounds/3/sound 03.wav"];
        int former = Shard.NumberOf(path, Shards), seed = 1_000;
        do Write("3/sound 03.wav", 1.1, seed++);
        while (Shard.NumberOf(path, Shards) == former);
        await IndexShardAsync(former);
        report = await MergeAsync("merged.nrx");
        Assert.Equal((false, 0, 3), (report.ListingsDiffer, report.Removed, report.Others));
    }

    [Fact]
    public async Task A_folder_that_is_empty_now_is_taken_out_only_where_that_is_allowed()
    {
        Directory.CreateDirectory(_folder["disk"]);
        File.Move(_folder["sounds/0/sound 00.wav"], _folder["disk/only.wav"]);
        _roots = [_folder["sounds"], _folder["disk"]];
        await IndexBothAsync();
        File.Move(_folder["disk/only.wav"], _folder["unmounted.wav"]);
        await IndexShardsAsync();
        var error = await Assert.ThrowsAsync<OptionException>(() => MergeAsync("merged.nrx"));
        Assert.Contains("disk/ holds no sound any more, and the index has 1 file of it", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await MergeAsync("merged.nrx", allowEmptyFolders: true)).Removed);
    }

    [Fact]
    public async Task Damaged_vectors_are_replaced_by_those_of_the_shards()
    {
        await IndexBothAsync();
        using (var segment = new FileStream(_folder["merged.nrx/vectors-000001.nrs"], FileMode.Open))
        {
            segment.Position = SegmentHeaderBytes;
            int value = segment.ReadByte();
            segment.Position = SegmentHeaderBytes;
            segment.WriteByte((byte)(value ^ 1));
        }
        var report = await MergeAsync("merged.nrx");
        Assert.Equal((1, 1, Sounds - 1), (report.Repaired, report.Added, report.Unchanged));
        using var merged = LocalAudioIndex.Open(_folder["merged.nrx"], IndexAccess.Read);
        Assert.True(merged.Verify().IsIntact);
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

    /// <summary>Brings the index of one machine and that of the shards up to date, and compares them.</summary>
    async Task<MergeReport> IndexBothAsync()
    {
        await IndexAllAsync(_folder["one.nrx"], shard: null);
        await IndexShardsAsync();
        var report = await MergeAsync("merged.nrx");
        AssertSame("one.nrx", "merged.nrx");
        return report;
    }

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
        return await new AudioIndexer(_engine, index) { Shard = shard, Describer = _describer, Time = _clock, AllowEmptyFolders = true }
            .RunAsync(_roots, cancellation: Cancellation);
    }

    async Task IndexShardsAsync()
    {
        for (int number = 1; number <= Shards; number++) await IndexShardAsync(number);
    }

    async Task<MergeReport> MergeAsync(string name, IProgress<(int, int)>? progress = null, CancellationToken? cancellation = null,
        bool allowEmptyFolders = false)
    {
        var merge = new ShardMerge(ShardFolder.Open(_folder["shards"])) { AllowEmptyFolders = allowEmptyFolders };
        using var index = LocalAudioIndex.EnsureCollectionExists(_folder[name], merge.Settings(), repair: true);
        return await merge.RunAsync(index, progress, cancellation ?? Cancellation);
    }

    /// <summary>The same files with the same details in the same order, and the same bytes of vectors.</summary>
    void AssertSame(string expected, string actual)
    {
        using var one = LocalAudioIndex.Open(_folder[expected], IndexAccess.Read);
        using var other = LocalAudioIndex.Open(_folder[actual], IndexAccess.Read);
        Assert.Equal(one.Files(), other.Files());
        Assert.Equal(one.Details().AsEnumerable(), other.Details());
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

    sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    sealed class StoppingProgress(CancellationTokenSource stopped, int after) : IProgress<(int Done, int Total)>
    {
        public void Report((int Done, int Total) value)
        {
            if (value.Done == after) stopped.Cancel();
        }
    }
}
