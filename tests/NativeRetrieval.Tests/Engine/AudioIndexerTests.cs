using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Engine;

/// <summary>Indexing folders with a model of random weights.</summary>
public sealed class AudioIndexerTests : IDisposable
{
    const int RateHz = 32_000;

    readonly TemporaryFolder _folder = new();
    readonly RetrievalEngine _engine;
    readonly string _sounds;
    readonly List<FileReport> _met = [];
    readonly List<IndexingProgress> _progress = [];

    public AudioIndexerTests()
    {
        _engine = TinyModel.Open(_folder["model"]);
        _sounds = _folder["sounds"];
        Directory.CreateDirectory(Path.Combine(_sounds, "deep"));
        WriteWav("one.wav", 1.5, seed: 1);
        WriteWav("deep/two.wav", 5, seed: 2);
        WriteWav("three.wav", 0.01, seed: 3);
    }

    [Fact]
    public async Task Long_recordings_become_overlapping_windows_that_cover_them()
    {
        await Index();
        using var index = Open();
        var windows = (await index.GetAsync(Path.Combine(_sounds, "deep/two.wav"), TestContext.Current.CancellationToken))!.Windows;
        Assert.Equal([(0.0, 2.0), (1.0, 3.0), (2.0, 4.0), (3.0, 5.0)], windows.Select(w => (w.StartSeconds, w.EndSeconds)));
        Assert.Equal(3, index.Stats().Files);
    }

    [Fact]
    public async Task A_window_found_by_its_own_vector_is_the_first_hit_with_its_times()
    {
        await Index();
        using var index = Open();
        var window = _engine.EmbedFile(Path.Combine(_sounds, "deep/two.wav"), 2, 1, TestContext.Current.CancellationToken)[2];
        var hit = (await index.SearchAsync(window.Vector, cancellationToken: TestContext.Current.CancellationToken))[0];
        Assert.Equal((2.0, 4.0, "two.wav"), (hit.StartSeconds, hit.EndSeconds, Path.GetFileName(hit.Path)));
    }

    [Fact]
    public async Task A_linked_sound_is_embedded_anew_when_its_target_changes()
    {
        Directory.CreateDirectory(_folder["elsewhere"]);
        string target = _folder["elsewhere/target.wav"], link = Path.Combine(_sounds, "link.wav");
        WriteWav("../elsewhere/target.wav", 1.5, seed: 7);
        File.CreateSymbolicLink(link, target);
        await Index();
        DateTime made = File.GetLastWriteTimeUtc(target);
        WriteWav("../elsewhere/target.wav", 1.5, seed: 8);
        File.SetLastWriteTimeUtc(target, made.AddSeconds(1));

        var report = await Index();
        Assert.Equal(FileOutcome.Embedded, Assert.Single(report.Files, file => file.Path == link).Outcome);
        using var index = Open();
        var entry = (await index.GetAsync(link, TestContext.Current.CancellationToken))!;
        Assert.Equal((new FileInfo(target).Length, File.GetLastWriteTimeUtc(target)), (entry.File.SizeBytes, entry.File.ModifiedUtc));
        var expected = _engine.EmbedFile(target, 2, 1, TestContext.Current.CancellationToken)[0];
        Golden.Check(Wide(expected.Vector), entry.Windows[0].Vector.Span, 1e-5, "the target as it is now");
    }

    [Fact]
    public void A_window_has_the_same_vector_alone_and_among_others()
    {
        string path = Path.Combine(_sounds, "deep/two.wav");
        var all = _engine.EmbedFile(path, 2, 1, TestContext.Current.CancellationToken);
        var again = _engine.EmbedFile(path, 2, 2, TestContext.Current.CancellationToken);
        Golden.Check(Wide(all[0].Vector), all[0].Vector.Span, 0, "same file, same run");
        Golden.Check(Wide(all[2].Vector), again[1].Vector.Span, 1e-5, "the window from 2 s, in other company");
    }

    [Fact]
    public async Task Only_what_is_new_or_changed_is_embedded_again()
    {
        Assert.Equal((3, 0), Count(await Index()));
        Assert.Equal((0, 3), Count(await Index()));

        WriteWav("one.wav", 1.5, seed: 9);
        File.Move(Path.Combine(_sounds, "three.wav"), Path.Combine(_sounds, "moved.wav"));
        WriteWav("four.wav", 1, seed: 4);
        var report = await Index();
        Assert.Equal((2, 1, 1, 1, 0), (report.Embedded, report.Changed, report.Unchanged, report.Moved, report.Removed));

        File.Delete(Path.Combine(_sounds, "deep/two.wav"));
        Assert.Equal(1, (await Index()).Removed);
        using var index = Open();
        Assert.Equal(["four.wav", "moved.wav", "one.wav"], index.Files().Select(file => Path.GetFileName(file.FullPath)).Order());

        static (int, int) Count(IndexingReport report) => (report.Embedded, report.Unchanged);
    }

    [Fact]
    public async Task Files_with_damaged_vectors_are_embedded_again_and_a_damaged_index_is_never_called_up_to_date()
    {
        await Index();
        var intact = await Vectors();
        string segment = _folder["sounds.nrx/vectors-000001.nrs"], two = Path.Combine(_sounds, "deep/two.wav");
        DamageFirstRow(segment);
        var report = await Index();
        Assert.Equal((1, 1, 2, 0), (report.Embedded, report.Repaired, report.Unchanged, report.Skipped.Count));
        Assert.Equal(intact, await Vectors());
        Assert.Equal((0, 0, 3), ((await Index()).Embedded, (await Index()).Repaired, (await Index()).Unchanged));

        // Missing, moved and gone at once.
        foreach (string path in Directory.GetFiles(_folder["sounds.nrx"], "vectors-*")) File.Delete(path);
        File.Move(Path.Combine(_sounds, "one.wav"), Path.Combine(_sounds, "moved.wav"));
        File.Delete(Path.Combine(_sounds, "three.wav"));
        report = await Index();
        Assert.Equal((2, 1, 2), (report.Embedded, report.Repaired, report.Removed));
        using (var index = Open())
        {
            Assert.True(index.Verify().IsIntact);
            Assert.Equal(["moved.wav", "two.wav"], index.Files().Select(file => Path.GetFileName(file.FullPath)).Order());
        }

        // A damaged file that is not among the paths given.
        foreach (string path in Directory.GetFiles(_folder["sounds.nrx"], "vectors-*")) File.Delete(path);
        var error = await Assert.ThrowsAsync<IndexCorruptException>(() => Index(Path.Combine(_sounds, "deep")));
        Assert.Contains("the vectors of 1 file in it are damaged and were not replaced", error.Message);
        Assert.Contains("moved.wav", error.Message);
        Assert.Throws<IndexCorruptException>(Open);
        Assert.Equal(1, (await Index()).Repaired);
        using (Open()) Assert.True(File.Exists(two));

        async Task<string> Vectors()
        {
            using var index = Open();
            var values = new List<string>();
            foreach (var file in index.Files().OrderBy(file => file.FullPath, StringComparer.Ordinal))
                foreach (var window in (await index.GetAsync(file.FullPath, TestContext.Current.CancellationToken))!.Windows)
                    values.Add(string.Join(" ", window.Vector.ToArray().Select(value => value.ToString("F4", null))));
            return string.Join("\n", values);
        }

        static void DamageFirstRow(string segment)
        {
            using var file = new FileStream(segment, FileMode.Open);
            file.Position = 4096;
            int value = file.ReadByte();
            file.Position = 4096;
            file.WriteByte((byte)(value ^ 1));
        }
    }

    [Fact]
    public async Task The_report_accounts_for_every_file_by_name()
    {
        await Index();
        WriteWav("new.wav", 1, seed: 5);
        WriteWav("cut.wav", 1, seed: 6);
        using (var cut = File.OpenWrite(Path.Combine(_sounds, "cut.wav"))) cut.SetLength(20_044);
        File.Copy(Path.Combine(_sounds, "one.wav"), Path.Combine(_sounds, "copy.wav"));
        File.CreateSymbolicLink(Path.Combine(_sounds, "link.wav"), "one.wav");
        File.WriteAllText(Path.Combine(_sounds, "text.wav"), "text");
        File.WriteAllText(Path.Combine(_sounds, "x.ra"), "text");
        NamedPipe.Create(Path.Combine(_sounds, "pipe.wav"));
        File.Delete(Path.Combine(_sounds, "three.wav"));

        var report = await Index();
        Assert.Equal(
            [
                ("copy.wav", FileOutcome.Moved), ("cut.wav", FileOutcome.Embedded), ("link.wav", FileOutcome.Duplicate),
                ("new.wav", FileOutcome.Embedded),
                ("one.wav", FileOutcome.Unchanged), ("pipe.wav", FileOutcome.Skipped), ("text.wav", FileOutcome.Skipped),
                ("three.wav", FileOutcome.Removed),
                ("two.wav", FileOutcome.Unchanged), ("x.ra", FileOutcome.UnreadableKind),
            ],
            report.Files.Select(file => (Path.GetFileName(file.Path), file.Outcome)).OrderBy(file => file.Item1, StringComparer.Ordinal));
        Assert.All(report.Files, file => Assert.StartsWith(_sounds, file.Path));
        Assert.Equal(report.Files, _met);
        string[] walked = [.. _progress.SkipLast(1).Select(state => state.Next!)];
        Assert.Equal(report.Listing, walked);
        Assert.Equal(Enumerable.Range(0, walked.Length + 1).Select(done => (done, walked.Length)),
            _progress.Select(state => (state.Done, state.Total)));
        Assert.Equal((null, report.AudioSeconds), (_progress[^1].Next, _progress[^1].AudioSeconds));
        Assert.Equal((2, 2, 1, 1, 2), (report.Embedded, report.Unchanged, report.Moved, report.Removed, report.Skipped.Count));
        Assert.Contains("cut.wav: ", Assert.Single(report.Damaged));
        Assert.Equal(new KeyValuePair<string, int>("ra", 1), Assert.Single(report.UnreadableKinds));
    }

    [Fact]
    public async Task A_folder_that_lost_all_its_files_empties_the_index_only_when_that_is_allowed()
    {
        await Index();
        Directory.Move(_sounds, _folder["unmounted"]);
        var gone = await Assert.ThrowsAsync<OptionException>(() => Index());
        Assert.Contains("sounds/ does not exist, and the index has 3 files of it", gone.Message);

        Directory.CreateDirectory(_sounds);
        File.WriteAllText(Path.Combine(_sounds, "note.txt"), "the disk is elsewhere");
        Directory.CreateSymbolicLink(Path.Combine(_sounds, "lost"), "/nowhere");
        var empty = await Assert.ThrowsAsync<OptionException>(() => Index());
        Assert.Contains("sounds/ holds no sound any more, and the index has 3 files of it: is a disk not mounted?", empty.Message);
        Assert.Contains("--allow-empty", empty.Message);
        using (var index = Open()) Assert.Equal(3, index.Stats().Files);

        Assert.Equal(3, (await Index(allowEmptyFolders: true)).Removed);
        using (var index = Open()) Assert.Equal(0, index.Stats().Files);
    }

    [Fact]
    public async Task What_lies_behind_a_link_that_leads_nowhere_now_stays_in_the_index()
    {
        Directory.CreateDirectory(_folder["disk"]);
        File.Move(Path.Combine(_sounds, "one.wav"), _folder["disk/one.wav"]);
        Directory.CreateSymbolicLink(Path.Combine(_sounds, "disk"), _folder["disk"]);
        Assert.Equal(3, (await Index()).Embedded);

        Directory.Move(_folder["disk"], _folder["unmounted"]);
        var report = await Index();
        Assert.Equal((2, 0, 1), (report.Unchanged, report.Removed, report.Skipped.Count));
        using var index = Open();
        Assert.Equal(3, index.Stats().Files);
    }

    [Fact]
    public async Task A_file_indexed_through_a_link_moves_to_its_real_path()
    {
        Directory.CreateSymbolicLink(_folder["link"], _sounds);
        await Index(_folder["link"]);
        var report = await Index();
        Assert.Equal((0, 3, 0), (report.Embedded, report.Moved, report.Removed));
        using var index = Open();
        Assert.All(index.Files(), file => Assert.StartsWith(_sounds, file.FullPath));
        Assert.Equal(3, index.Stats().Files);
    }

    [Fact]
    public async Task A_disk_that_is_full_leaves_what_was_committed_and_says_so()
    {
        for (ulong i = 0; i < 17; i++) WriteWav($"more{i:D2}.wav", 0.05, seed: 100 + i);
        using var index = LocalAudioIndex.Create(_folder["sounds.nrx"], _engine.IndexSettings(), orOpen: false, new FullDisk(commits: 2),
            maxSegmentRows: 1000);
        var error = await Assert.ThrowsAsync<IndexException>(() =>
            new AudioIndexer(_engine, index).RunAsync([_sounds], cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("No space left on device; what was committed before is unharmed; 16 files of this run", error.Message);
        Assert.Equal(16, index.Stats().Files);
    }

    [Fact]
    public async Task A_library_in_three_formats_is_indexed_whole()
    {
        if (Fixtures.Shared("data/library") is not { } library)
        {
            Assert.Skip(Fixtures.WhyAbsent("data/library"));
            return;
        }
        var report = await Index(library);
        Assert.Equal((460, 0, 0), (report.Embedded, report.Skipped.Count, report.Files.Count - report.Embedded));
        Assert.Equal(460, report.Files.DistinctBy(file => file.Path).Count());
        Assert.Equal(460, (await Index(library)).Unchanged);
    }

    /// <summary>A disk with room for so many commits; the first makes the index.</summary>
    sealed class FullDisk(int commits) : IIndexIo
    {
        int _left = commits;

        public ISegmentOutput OpenSegment(string path, bool create) => DiskIo.Shared.OpenSegment(path, create);

        public void Delete(string path) => DiskIo.Shared.Delete(path);

        public void FlushFolder(string folder) => DiskIo.Shared.FlushFolder(folder);

        public void Replace(string path, byte[] bytes) => DiskIo.Shared.Replace(path, bytes);

        public void Commit(SqliteTransaction transaction)
        {
            if (_left-- <= 0) throw new IOException("No space left on device");
            DiskIo.Shared.Commit(transaction);
        }
    }

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    /// <summary>Indexes, and keeps what the run tells on its way.</summary>
    async Task<IndexingReport> Index(string? root = null, bool allowEmptyFolders = false)
    {
        _met.Clear();
        _progress.Clear();
        using var index = LocalAudioIndex.EnsureCollectionExists(_folder["sounds.nrx"], _engine.IndexSettings(), repair: true);
        return await new AudioIndexer(_engine, index) { AllowEmptyFolders = allowEmptyFolders, Met = _met.Add }
            .RunAsync([root ?? _sounds], new Reports(_progress), TestContext.Current.CancellationToken);
    }

    sealed class Reports(List<IndexingProgress> all) : IProgress<IndexingProgress>
    {
        public void Report(IndexingProgress value) => all.Add(value);
    }

    LocalAudioIndex Open() => LocalAudioIndex.Open(_folder["sounds.nrx"], IndexAccess.Read, _engine.Fingerprint);

    static double[] Wide(ReadOnlyMemory<float> vector) => [.. vector.ToArray().Select(v => (double)v)];

    /// <summary>Every second another tone, in noise, as 16-bit PCM.</summary>
    void WriteWav(string name, double seconds, ulong seed)
    {
        var random = new PhiloxSequence(new Philox(seed));
        var samples = new short[(int)(seconds * RateHz)];
        for (int i = 0; i < samples.Length; i++)
        {
            double tone = Math.Sin(2 * Math.PI * 300 * (seed + 3 * (ulong)(i / RateHz)) * i / RateHz);
            samples[i] = (short)(15_000 * tone + 2_000 * (random.NextUniform() - 0.5));
        }
        WavFile.Write(Path.Combine(_sounds, name), samples, RateHz);
    }
}
