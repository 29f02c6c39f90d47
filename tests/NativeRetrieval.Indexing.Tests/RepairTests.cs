using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

public sealed class RepairTests : IDisposable
{
    const int Files = 30;

    readonly TemporaryFolder _temporary = new();

    string Folder => _temporary["sounds.nrx"];

    public RepairTests() => Make(Folder);

    public void Dispose() => _temporary.Dispose();

    static void Make(string folder)
    {
        using var index = LocalAudioIndex.Create(folder, Samples.Settings, orOpen: false, DiskIo.Shared, maxSegmentRows: 20);
        for (int i = 0; i < Files; i += 10)
            index.UpsertAsync([.. Enumerable.Range(i, 10).Select(n => Samples.Entry(n))]).GetAwaiter().GetResult();
    }

    static string Copy(string folder, string copy)
    {
        Directory.CreateDirectory(copy);
        foreach (string path in Directory.GetFiles(folder).Where(path => !path.EndsWith("-shm") && !path.EndsWith(".lock")))
        {
            using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var target = File.Create(Path.Combine(copy, Path.GetFileName(path)));
            source.CopyTo(target);
        }
        return copy;
    }

    static void ExpectRefused(string folder, params string[] words)
    {
        foreach (var access in Enum.GetValues<IndexAccess>())
        {
            string message = Assert.Throws<IndexCorruptException>(() => LocalAudioIndex.Open(folder, access)).Message;
            foreach (string word in words) Assert.Contains(word, message);
        }
    }

    static async Task ExpectWhole(string folder)
    {
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
        Assert.True(index.Verify().IsIntact);
        Assert.Equal(Files, index.Files().Count);
        for (int i = 0; i < Files; i++)
            Assert.Equal(Samples.PathOf(i), (await index.SearchAsync(Samples.Vector(1000 * i), new() { Top = 1 }))[0].Path);
    }

    [Theory]
    [InlineData("bit")]
    [InlineData("missing")]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("header")]
    public async Task Damaged_files_are_named_and_new_vectors_for_them_make_the_index_whole(string damage)
    {
        // The last segment, too: nothing may be added to it.
        foreach (string path in (string[])[Path.Combine(Folder, "vectors-000002.nrs"), Path.Combine(Folder, "vectors-000003.nrs")])
        {
            if (damage == "missing")
            {
                File.Delete(path);
                continue;
            }
            using var file = new FileStream(path, FileMode.Open);
            if (damage is "cut" or "empty") file.SetLength(damage == "cut" ? 4096 + 5 * 128 : 0);
            file.Position = damage == "header" ? 9 : 4096 + 3 * 128 + 5;
            if (damage is "bit" or "header") file.WriteByte(0x55);
        }
        using (var index = LocalAudioIndex.EnsureCollectionExists(Folder, Samples.Settings, repair: true))
        {
            var found = await index.FindDamageAsync(TestContext.Current.CancellationToken);
            Assert.Equal((2, false), (found.Segments, found.CommitsAreLost));
            int[] expected = damage switch
            {
                "bit" => [11, 21],
                "cut" => [12, 13, 14, 15, 16, 17, 18, 19, 22, 23, 24, 25, 26, 27, 28, 29],
                _ => [.. Enumerable.Range(10, 20)],
            };
            Assert.Equal(expected.Select(Samples.PathOf), found.Files.Select(file => file.FullPath));
            var error = await Assert.ThrowsAsync<IndexCorruptException>(() =>
                index.FinishRepairAsync(TestContext.Current.CancellationToken));
            Assert.Contains($"{expected.Length} files", error.Message);
            Assert.Contains(Samples.PathOf(expected[0]), error.Message);

            await index.UpsertAsync([.. expected.Select(i => Samples.Entry(i))], TestContext.Current.CancellationToken);
            await index.FinishRepairAsync(TestContext.Current.CancellationToken);
            Assert.True((await index.FindDamageAsync(TestContext.Current.CancellationToken)).IsNone);
            Assert.Equal(Files, (await index.SearchAsync(Samples.Vector(0), new() { Top = 99 },
                TestContext.Current.CancellationToken)).Count);
        }
        await ExpectWhole(Folder);
    }

    [Fact]
    public async Task A_lost_log_is_seen_and_made_good()
    {
        string copy = _temporary["copy.nrx"];
        using (var writer = LocalAudioIndex.Open(Folder, IndexAccess.Write))
        {
            await writer.DeleteAsync([Samples.PathOf(5), Samples.PathOf(6)], TestContext.Current.CancellationToken);
            await writer.UpsertAsync(Samples.Entry(40), TestContext.Current.CancellationToken);
            Copy(Folder, copy);
        }
        File.Delete(Path.Combine(copy, "catalogue.db-wal"));
        ExpectRefused(copy, "holds 3 commits with 30 files, but 5 were made, with 29 files", "catalogue.db-wal", "nativeretrieval index");

        // A repair that is not finished is begun again.
        using (var index = LocalAudioIndex.EnsureCollectionExists(copy, Samples.Settings, repair: true))
            await index.UpsertAsync(Samples.Entry(40), TestContext.Current.CancellationToken);
        ExpectRefused(copy, "a repair of this index was begun and has not been finished");

        using (var index = LocalAudioIndex.EnsureCollectionExists(copy, Samples.Settings, repair: true))
        {
            Assert.True((await index.FindDamageAsync(TestContext.Current.CancellationToken)).CommitsAreLost);
            await index.DeleteAsync([Samples.PathOf(40)], TestContext.Current.CancellationToken);
            await index.FinishRepairAsync(TestContext.Current.CancellationToken);
        }
        await ExpectWhole(copy);
    }

    [Fact]
    public async Task An_older_receipt_is_no_fault_and_the_next_writer_renews_it()
    {
        string path = Path.Combine(Folder, "catalogue.receipt"), older = File.ReadAllText(path);
        using (var index = LocalAudioIndex.Open(Folder, IndexAccess.Write))
        {
            await index.DeleteAsync([Samples.PathOf(1)], TestContext.Current.CancellationToken);
            await index.UpsertAsync(Samples.Entry(1), TestContext.Current.CancellationToken);
        }
        string newer = File.ReadAllText(path);
        File.WriteAllText(path, older);
        await ExpectWhole(Folder);
        LocalAudioIndex.Open(Folder, IndexAccess.Write).Dispose();
        Assert.Equal(newer, File.ReadAllText(path));
    }

    [Fact]
    public async Task A_missing_or_damaged_receipt_is_seen_and_made_good()
    {
        string path = Path.Combine(Folder, "catalogue.receipt"), text = File.ReadAllText(path);
        foreach (string? damaged in (string?[])[null, "", text[..^3], text.Replace(" 3 ", " 2 ", StringComparison.Ordinal), text + "x"])
        {
            if (damaged is null) File.Delete(path);
            else File.WriteAllText(path, damaged);
            ExpectRefused(Folder, damaged is null ? "catalogue.receipt: is missing" : "catalogue.receipt: is damaged",
                "nativeretrieval index");
            using (var index = LocalAudioIndex.EnsureCollectionExists(Folder, Samples.Settings, repair: true))
                await index.FinishRepairAsync(TestContext.Current.CancellationToken);
            await ExpectWhole(Folder);
        }
    }

    [Fact]
    public void A_catalogue_of_another_index_is_told_by_its_id()
    {
        string other = _temporary["other.nrx"];
        Make(other);
        File.Copy(Path.Combine(other, "catalogue.db"), Path.Combine(Folder, "catalogue.db"), overwrite: true);
        ExpectRefused(Folder, "catalogue.receipt: belongs to the index", "files of two indexes are mixed");
        Assert.Throws<IndexCorruptException>(() => LocalAudioIndex.EnsureCollectionExists(Folder, Samples.Settings, repair: true));
        File.Copy(Path.Combine(other, "catalogue.receipt"), Path.Combine(Folder, "catalogue.receipt"), overwrite: true);
        ExpectRefused(Folder, "vectors-000001.nrs: belongs to the index", "files of two indexes are mixed");
    }

    [Fact]
    public async Task An_open_reader_notices_that_the_index_was_replaced()
    {
        using var reader = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        reader.Sessions.AsFrozen = true;    // a new connection for each call
        Directory.Delete(Folder, recursive: true);
        Make(Folder);
        var error = await Assert.ThrowsAsync<IndexException>(() => reader.SearchAsync(Samples.Vector(1),
            cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("was replaced by another index", error.Message);
    }

    [Fact]
    public void A_reader_without_write_access_reads_again_when_a_commit_was_moved_in_meanwhile()
    {
        using var reader = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        reader.Sessions.AsFrozen = true;
        int attempts = 0;
        var counts = reader.Read(session =>
        {
            if (++attempts == 1)
            {
                using var writer = LocalAudioIndex.Open(Folder, IndexAccess.Write);
                for (int i = 0; i < 10; i++) writer.DeleteAsync([Samples.PathOf(i)]).GetAwaiter().GetResult();
                writer.CompactAsync().GetAwaiter().GetResult();
            }
            return (session.State.Files, session.CheckedFiles().Count());
        });
        Assert.Equal((Files - 10, Files - 10, 2), (counts.Files, counts.Item2, attempts));
    }

    [Fact]
    public void Damage_is_reported_to_a_reader_without_write_access_too()
    {
        using var reader = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        reader.Sessions.AsFrozen = true;
        using (var file = new FileStream(Path.Combine(Folder, "catalogue.db"), FileMode.Open))
            for (file.Position = 4096; file.Position < file.Length;) file.WriteByte(7);
        Assert.Throws<IndexCorruptException>(() => reader.Files());
    }
}
