using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>An index of schema version 1, without ids, receipts and sums: the first 7 steps of <see cref="Script"/>.</summary>
public sealed class SchemaVersionTests : IDisposable
{
    const int Steps = 7;

    readonly TemporaryFolder _temporary = new();

    string Folder => _temporary["sounds.nrx"];

    public SchemaVersionTests()
    {
        Directory.CreateDirectory(Folder);
        foreach (string path in Directory.GetFiles(Fixtures.Small("index-v1"), "*.*"))
            if (!path.EndsWith(".md", StringComparison.Ordinal)) File.Copy(path, Path.Combine(Folder, Path.GetFileName(path)));
    }

    public void Dispose() => _temporary.Dispose();

    void DamageLastRow()
    {
        using var file = new FileStream(Path.Combine(Folder, "vectors-000001.nrs"), FileMode.Open);
        file.Position = file.Length - 128 + 4;
        file.WriteByte(0x77);
    }

    long Version()
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "catalogue.db")};Pooling=False;Mode=ReadOnly");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }

    [Fact]
    public async Task It_is_read_as_it_is()
    {
        using (var index = LocalAudioIndex.Open(Folder, IndexAccess.Read))
        {
            Assert.True(await Script.Holds(index, Script.After(Steps)));
            Assert.True(index.Verify().IsIntact);
            Assert.NotEmpty(await Script.Answers(index));
        }
        Assert.Equal(1, Version());
        Assert.False(File.Exists(Path.Combine(Folder, "catalogue.receipt")));
    }

    [Fact]
    public async Task A_writer_brings_it_up_to_date_and_goes_on_in_its_segment()
    {
        using (var index = LocalAudioIndex.EnsureCollectionExists(Folder, Samples.Settings))
        {
            Assert.True(await Script.Holds(index, Script.After(Steps)));
            Assert.True((await index.FindDamageAsync(TestContext.Current.CancellationToken)).IsNone);
            for (int step = Steps; step < 20; step++) await Script.Do(index, step);
            Assert.True(await Script.Holds(index, Script.After(20)));
        }
        Assert.Equal(Storage.Catalogue.SchemaVersion, Version());
        using var reader = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        Assert.True(reader.Verify().IsIntact);
        Assert.NotEmpty(await Script.Answers(reader));
    }

    [Fact]
    public async Task A_reader_that_was_open_is_asked_to_open_it_again()
    {
        using var reader = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        LocalAudioIndex.Open(Folder, IndexAccess.Write).Dispose();
        Assert.Contains("open it again", (await Assert.ThrowsAsync<IndexException>(() => Script.Answers(reader))).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_damage_is_found_by_search_before_and_after_it_was_brought_up_to_date(bool upgrade)
    {
        DamageLastRow();
        if (upgrade) LocalAudioIndex.Open(Folder, IndexAccess.Write).Dispose();
        using var index = LocalAudioIndex.Open(Folder, IndexAccess.Read);
        string message = (await Assert.ThrowsAsync<IndexCorruptException>(() => index.SearchAsync(Samples.Vector(1000), new() { Top = 1 },
            TestContext.Current.CancellationToken))).Message;
        Assert.Contains("vectors-000001.nrs: row 15 at byte 6,016", message);
    }

    [Fact]
    public void A_run_that_ends_before_the_new_schema_is_committed_leaves_the_old_one()
    {
        var io = new FailingIo(failAt: 1);
        Assert.Throws<IndexException>(() => LocalAudioIndex.Open(Folder, IndexAccess.Write, null, io, maxSegmentRows: 16));
        Assert.True(io.HasFailed);
        Assert.Equal(1, Version());
        Assert.True(File.Exists(Path.Combine(Folder, "catalogue.receipt")));
        LocalAudioIndex.Open(Folder, IndexAccess.Read).Dispose();
        LocalAudioIndex.Open(Folder, IndexAccess.Write).Dispose();
        Assert.Equal(Storage.Catalogue.SchemaVersion, Version());
    }
}
