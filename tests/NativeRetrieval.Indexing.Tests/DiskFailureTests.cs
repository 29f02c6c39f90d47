using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

public sealed class DiskFailureTests : IDisposable
{
    const int Steps = 9;

    readonly TemporaryFolder _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task WhicheverCallFailsTheOldStateStaysAndTheNextTryWorks()
    {
        int failAt = 0;
        while (await Survives(failAt)) failAt++;
        Assert.InRange(failAt, 30, 200);
    }

    /// <summary>Runs the script on a disk that fails once, and repeats the step that failed.</summary>
    /// <returns>True if the script made as many calls.</returns>
    async Task<bool> Survives(int failAt)
    {
        string folder = _temporary[$"{failAt}.nrx"];
        var io = new FailingIo(failAt);
        LocalAudioIndex Open() => LocalAudioIndex.Create(folder, Samples.Settings, orOpen: true, io, maxSegmentRows: 4);

        LocalAudioIndex index;
        try
        {
            index = Open();
        }
        catch (IndexException)
        {
            index = Open();
        }
        using (index)
        {
            for (int number = 0; number < Steps; number++)
            {
                try
                {
                    await Script.Do(index, number);
                }
                catch (IndexException error)
                {
                    Assert.Contains("No space left on device; what was committed before is unharmed", error.Message);
                    Assert.True(await Script.Holds(index, Script.After(number)), $"call {failAt}, step {number}");
                    Assert.True(index.Verify().IsIntact);
                    await Script.Do(index, number);
                }
                Assert.True(await Script.Holds(index, Script.After(number + 1)), $"call {failAt}, step {number}");
            }
        }

        using var reopened = LocalAudioIndex.Open(folder, IndexAccess.Write);
        Assert.True(await Script.Holds(reopened, Script.After(Steps)));
        Assert.True(reopened.Verify().IsIntact);
        Assert.Equal(reopened.Stats().Segments, Directory.GetFiles(folder, "vectors-*").Length);
        return io.HasFailed;
    }

    [Fact]
    public async Task AFullDiskUnderTheCatalogueIsAClearErrorThatChangesNothing()
    {
        var io = new PageLimitIo();
        using var index = LocalAudioIndex.Create(_temporary["full.nrx"], Samples.Settings, orOpen: false, io, maxSegmentRows: 1000);
        await index.UpsertAsync(Samples.Entry(0), TestContext.Current.CancellationToken);
        io.MaxPages = 1;
        await index.UpsertAsync(Samples.Entry(1), TestContext.Current.CancellationToken);

        var big = Enumerable.Range(2, 200).Select(i => Samples.Entry(i, 9)).ToList();
        var error = await Assert.ThrowsAsync<IndexException>(() => index.UpsertAsync(big, TestContext.Current.CancellationToken));
        Assert.Contains("the disk is full", error.Message);
        Assert.Equal([Samples.File(0), Samples.File(1)], index.Files());
        Assert.True(index.Verify().IsIntact);

        io.MaxPages = 1_000_000;
        await index.UpsertAsync(Samples.Entry(1), TestContext.Current.CancellationToken);
        await index.UpsertAsync(big, TestContext.Current.CancellationToken);
        Assert.Equal(202, index.Files().Count);
    }

    /// <summary>Lets SQLite itself run into the end of its space: no more pages than the file has already.</summary>
    sealed class PageLimitIo : IIndexIo
    {
        public int MaxPages { get; set; } = 1_000_000;

        public ISegmentOutput OpenSegment(string path, bool create) => DiskIo.Shared.OpenSegment(path, create);

        public void Delete(string path) => DiskIo.Shared.Delete(path);

        public void FlushFolder(string folder) => DiskIo.Shared.FlushFolder(folder);

        public void Replace(string path, byte[] bytes) => DiskIo.Shared.Replace(path, bytes);

        public void Commit(SqliteTransaction transaction)
        {
            var connection = transaction.Connection!;
            transaction.Commit();
            using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA max_page_count = {MaxPages}";
            command.ExecuteNonQuery();
        }
    }
}
