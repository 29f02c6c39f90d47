using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

public sealed class LocalAudioIndexTests : IDisposable
{
    readonly TemporaryFolder _temporary = new();

    string Folder => _temporary["sounds.nrx"];

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task WhatWasUpsertedIsThereAfterReopening()
    {
        using (var index = LocalAudioIndex.Create(Folder, Samples.Settings))
            await index.UpsertAsync(Samples.Entry(7, windows: 3), TestContext.Current.CancellationToken);

        using var reader = LocalAudioIndex.Open(Folder, IndexAccess.Read, Samples.Settings.ModelFingerprint);
        Assert.Equal(Samples.Settings, reader.Settings);
        Assert.Equal([Samples.File(7)], reader.Files());
        var entry = await reader.GetAsync(Samples.PathOf(7), TestContext.Current.CancellationToken);
        Assert.NotNull(entry);
        Assert.Equal([(0.0, 10.0), (5.0, 15.0), (10.0, 20.0)], entry.Windows.Select(window => (window.StartSeconds, window.EndSeconds)));
        for (int i = 0; i < 3; i++)
        {
            var stored = entry.Windows[i].Vector.ToArray();
            Assert.Equal(1, stored.Sum(x => (double)x * x), 6);
            Assert.Equal(1, Samples.Cosine(stored, Samples.Vector(7000 + i)), 6);
        }
        Assert.Null(await reader.GetAsync("/nowhere.wav", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AnUpsertReplacesTheFilesFormerWindows()
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings);
        await index.UpsertAsync([Samples.Entry(1, 5), Samples.Entry(2)], TestContext.Current.CancellationToken);
        await index.UpsertAsync(Samples.Entry(1, windows: 1, version: 1), TestContext.Current.CancellationToken);

        var hits = await index.SearchAsync(Samples.Vector(1000), new() { Grouping = HitGrouping.AllWindows, Top = 100 },
            TestContext.Current.CancellationToken);
        Assert.Equal(3, hits.Count);
        Assert.Single(hits, hit => hit.Path == Samples.PathOf(1));
        Assert.Equal(new IndexStats(2, 3, 5, 1, index.Stats().SizeBytes), index.Stats());
        Assert.Empty(index.Verify().Problems);
    }

    [Fact]
    public async Task TheSameFileTwiceInOneUpsertCountsOnce()
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings);
        await index.UpsertAsync([Samples.Entry(1, 2), Samples.Entry(1, 3, version: 1)], TestContext.Current.CancellationToken);
        Assert.Equal([Samples.File(1, version: 1)], index.Files());
        Assert.True(index.Verify().IsIntact);
    }

    [Fact]
    public async Task DeletedFilesAreGoneFromEverySearch()
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings);
        await index.UpsertAsync([.. Enumerable.Range(0, 10).Select(i => Samples.Entry(i))], TestContext.Current.CancellationToken);
        Assert.Equal(2, await index.DeleteAsync([Samples.PathOf(3), "/not/there", Samples.PathOf(4)],
            TestContext.Current.CancellationToken));
        Assert.Equal(0, await index.DeleteAsync([Samples.PathOf(3)], TestContext.Current.CancellationToken));

        var hits = await index.SearchAsync(Samples.Vector(3000), new() { Top = 100 }, TestContext.Current.CancellationToken);
        Assert.Equal(8, hits.Count);
        Assert.DoesNotContain(hits, hit => hit.Path == Samples.PathOf(3));
        Assert.True(index.Verify().IsIntact);
    }

    [Fact]
    public async Task CompactionKeepsContentAndFreesSpace()
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings, orOpen: false, DiskIo.Shared, maxSegmentRows: 5);
        for (int i = 0; i < 12; i++) await index.UpsertAsync(Samples.Entry(i, windows: 1 + i % 4), TestContext.Current.CancellationToken);
        await index.DeleteAsync([Samples.PathOf(0), Samples.PathOf(5), Samples.PathOf(11)], TestContext.Current.CancellationToken);
        using var reader = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        var before = await Answers(reader);

        await index.CompactAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, index.Stats().DeletedWindows);
        Assert.Equal(before, await Answers(index));
        Assert.Equal(before, await Answers(reader));
        Assert.True(reader.Verify().IsIntact);
        Assert.Equal(index.Stats().Segments, Directory.GetFiles(Folder, "vectors-*").Length);

        static async Task<string> Answers(LocalAudioIndex index)
        {
            var hits = await index.SearchAsync(Samples.Vector(1), new() { Top = 100, Grouping = HitGrouping.AllWindows },
                TestContext.Current.CancellationToken);
            return string.Join("\n", hits.Select(hit => hit with { RowId = 0 })) + string.Join("\n", index.Files());
        }
    }

    [Fact]
    public async Task AReaderSeesEachCommitAtItsNextCall()
    {
        using var writer = LocalAudioIndex.Create(Folder, Samples.Settings);
        using var reader = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        for (int i = 0; i < 5; i++)
        {
            await writer.UpsertAsync(Samples.Entry(i, windows: 1), TestContext.Current.CancellationToken);
            Assert.Equal(i + 1, reader.Files().Count);
            Assert.Equal(i + 1, (await reader.SearchAsync(Samples.Vector(0), new() { Top = 100 },
                TestContext.Current.CancellationToken)).Count);
        }
    }

    [Fact]
    public async Task ASessionKeepsItsViewWhileTheIndexIsRewritten()
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings);
        await index.UpsertAsync([Samples.Entry(1), Samples.Entry(2)], TestContext.Current.CancellationToken);
        using var reader = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        using var old = reader.Sessions.Begin();

        await index.UpsertAsync(Samples.Entry(1, windows: 7, version: 1), TestContext.Current.CancellationToken);
        await index.CompactAsync(TestContext.Current.CancellationToken);
        using (var current = reader.Sessions.Begin()) Assert.Equal(9, current.State.LiveRows);

        var files = old.Catalogue.ReadFiles().ToList();
        Assert.Equal([Samples.File(1), Samples.File(2)], files.Select(file => file.File));
        foreach (var file in files)
            for (int i = 0; i < file.Windows.Length; i++) old.CheckedRow(file, i);
    }

    [Fact]
    public async Task MovedAndTouchedFilesKeepTheirWindows()
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings);
        await index.UpsertAsync([Samples.Entry(1), Samples.Entry(2)], TestContext.Current.CancellationToken);
        var moved = Samples.File(1) with { Path = "new.wav", FullPath = "/library/new.wav", SizeBytes = 5 };
        await index.RedescribeAsync(Samples.PathOf(1), moved, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal([moved, Samples.File(2)], index.Files());
        var hit = Assert.Single(await index.SearchAsync(Samples.Vector(1000), new() { Top = 1 }, TestContext.Current.CancellationToken));
        Assert.Equal("/library/new.wav", hit.Path);
        await Assert.ThrowsAsync<IndexException>(() => index.RedescribeAsync(Samples.PathOf(2), moved, null,
            TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<IndexException>(() => index.RedescribeAsync("/none", moved,
            cancellationToken: TestContext.Current.CancellationToken));

        await index.RedescribeAsync("/library/new.wav", moved with { FullPath = Samples.PathOf(2) },
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(moved.ContentHash, Assert.Single(index.Files()).ContentHash);
        Assert.True(index.Verify().IsIntact);
    }

    [Fact]
    public void AnotherModelIsRefused()
    {
        LocalAudioIndex.Create(Folder, Samples.Settings).Dispose();
        var error = Assert.Throws<IndexException>(() => LocalAudioIndex.Open(Folder, IndexAccess.Read, new string('b', 64)));
        Assert.Contains("model tiny (fingerprint aaaaaaaaaaaa…), not with the one given (fingerprint bbbbbbbbbbbb…)", error.Message);
        Assert.Throws<IndexException>(() => LocalAudioIndex.EnsureCollectionExists(Folder, Samples.Settings with { HopSeconds = 3 }));
        LocalAudioIndex.EnsureCollectionExists(Folder, Samples.Settings).Dispose();
    }

    [Fact]
    public void OnlyAnEmptyFolderBecomesAnIndex()
    {
        Assert.Throws<IndexException>(() => LocalAudioIndex.Open(Folder, IndexAccess.Read));
        LocalAudioIndex.Create(Folder, Samples.Settings).Dispose();
        Assert.Contains("already there", Assert.Throws<IndexException>(() => LocalAudioIndex.Create(Folder, Samples.Settings)).Message);

        string mine = Directory.CreateDirectory(_temporary["mine"]).FullName;
        string notes = System.IO.Path.Combine(mine, "notes.txt");
        File.WriteAllText(notes, "mine");
        Assert.Contains("holds notes.txt", Assert.Throws<IndexException>(() => LocalAudioIndex.Create(mine, Samples.Settings)).Message);
        Assert.Contains("is a file", Assert.Throws<IndexException>(() => LocalAudioIndex.Create(notes, Samples.Settings)).Message);
    }

    [Fact]
    public async Task AReaderCannotWrite()
    {
        LocalAudioIndex.Create(Folder, Samples.Settings).Dispose();
        using var reader = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        await Assert.ThrowsAsync<IndexException>(() => reader.UpsertAsync(Samples.Entry(1), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void ASecondWriterLearnsWhoTheFirstIs()
    {
        using var first = LocalAudioIndex.Create(Folder, Samples.Settings);
        var error = Assert.Throws<IndexException>(() => LocalAudioIndex.Open(Folder, IndexAccess.Write));
        Assert.Contains($"process {Environment.ProcessId} is writing", error.Message);
        first.Dispose();
        LocalAudioIndex.Open(Folder, IndexAccess.Write).Dispose();
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(0f)]
    public async Task VectorsWithoutDirectionAreRefusedAndNothingIsAdded(float value)
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings);
        float[] bad = new float[Samples.Dimension];
        bad[4] = value;
        var entry = new AudioIndexEntry(Samples.File(2), [new AudioWindow(0, 1, bad)]);
        var error = await Assert.ThrowsAsync<IndexException>(() =>
            index.UpsertAsync([Samples.Entry(1), entry], TestContext.Current.CancellationToken));
        Assert.Contains("sounds/2/2.wav: window 0", error.Message);
        Assert.Empty(index.Files());
        await Assert.ThrowsAsync<IndexException>(() => index.SearchAsync(bad, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ImpossibleEntriesAreRefused()
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings);
        var good = Samples.Entry(1);
        AudioIndexEntry[] bad =
        [
            good with { Windows = [] },
            good with { Windows = [new AudioWindow(2, 2, Samples.Vector(1))] },
            good with { Windows = [new AudioWindow(double.NaN, 2, Samples.Vector(1))] },
            good with { Windows = [new AudioWindow(0, 2, Samples.Vector(1, 3))] },
            good with { File = good.File with { FullPath = "relative.wav" } },
            good with { File = good.File with { ContentHash = "AB" } },
            good with { File = good.File with { SizeBytes = -1 } },
        ];
        foreach (var entry in bad)
            await Assert.ThrowsAsync<IndexException>(() => index.UpsertAsync(entry, TestContext.Current.CancellationToken));
        Assert.Empty(index.Files());
        Assert.Throws<OptionException>(() => LocalAudioIndex.Create(_temporary["x"], Samples.Settings with { Dimension = 0 }));
    }
}
