using Microsoft.Data.Sqlite;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

public sealed class CorruptionTests : IDisposable
{
    const int Files = 40;

    readonly TemporaryFolder _temporary = new();

    string Folder => _temporary["sounds.nrx"];

    public CorruptionTests()
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings, orOpen: false, DiskIo.Shared, maxSegmentRows: 50);
        for (int i = 0; i < Files; i += 10)
            index.UpsertAsync([.. Enumerable.Range(i, 10).Select(n => Samples.Entry(n, windows: 1 + n % 3))]).GetAwaiter().GetResult();
        index.DeleteAsync([Samples.PathOf(4), Samples.PathOf(33)]).GetAwaiter().GetResult();
    }

    public void Dispose() => _temporary.Dispose();

    string Damaged(string file, Action<FileStream> damage)
    {
        string copy = _temporary["copy.nrx"];
        if (Directory.Exists(copy)) Directory.Delete(copy, recursive: true);
        Directory.CreateDirectory(copy);
        foreach (string path in Directory.GetFiles(Folder)) File.Copy(path, Path.Combine(copy, Path.GetFileName(path)));
        using var stream = new FileStream(Path.Combine(copy, file), FileMode.Open);
        damage(stream);
        return copy;
    }

    static void Flip(FileStream stream, long position, int bit)
    {
        stream.Position = position;
        int value = stream.ReadByte();
        stream.Position = position;
        stream.WriteByte((byte)(value ^ 1 << bit));
    }

    /// <summary>Everything that a reader can get out of an index.</summary>
    static async Task<string> Everything(string folder)
    {
        using var index = LocalAudioIndex.Open(folder, IndexAccess.Read);
        string answers = await Script.Answers(index) + string.Join("\n", index.Files()) + index.Settings;
        for (int part = 0; part < 3; part++)
            answers += string.Join("\n", await index.SearchAsync(Samples.Vector(9), new() { Top = 99, PathFilter = $"sounds/{part}/*" }));
        for (int i = 0; i < Files; i++) answers += (await index.GetAsync(Samples.PathOf(i)))?.Windows.Count;
        return answers;
    }

    [Theory]
    [InlineData("catalogue.db", 300)]
    [InlineData("vectors-000001.nrs", 60)]
    [InlineData("catalogue.receipt", 60)]
    public async Task AFlippedBitIsReportedOrChangesNothing(string file, int flips)
    {
        string expected = await Everything(Folder);
        var random = new Random(5);
        int refused = 0;
        for (int i = 0; i < flips; i++)
        {
            long position = 0;
            int bit = random.Next(8);
            string copy = Damaged(file, stream => Flip(stream, position = random.NextInt64(stream.Length), bit));
            try
            {
                string found = await Everything(copy);
                Assert.True(expected == found, $"bit {bit} of byte {position}: other answers and no error");
            }
            catch (IndexCorruptException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, flips / 20, flips);
    }

    [Fact]
    public void EveryFlippedBitOfALiveRowIsFoundByVerify()
    {
        for (int row = 0; row < 10; row++)
        {
            string copy = Damaged("vectors-000002.nrs", stream => Flip(stream, 4096 + row * 128 + row * 5, row % 8));
            using var index = LocalAudioIndex.Open(copy, IndexAccess.Read);
            Assert.Contains($"row {row} at byte", Assert.Single(index.Verify().Problems));
        }
    }

    [Fact]
    public async Task ADamagedRowIsNeverReturnedAsAHit()
    {
        string copy = Damaged("vectors-000001.nrs", stream => Flip(stream, 4096 + 8, 1));
        using var index = LocalAudioIndex.Open(copy, IndexAccess.Read);
        await Assert.ThrowsAsync<IndexCorruptException>(() =>
            index.SearchAsync(Samples.Vector(0), new() { Top = 1 }, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("vectors-000001.nrs", 0)]
    [InlineData("vectors-000001.nrs", 100)]
    [InlineData("vectors-000002.nrs", 4096)]
    [InlineData("vectors-000002.nrs", 6000)]
    [InlineData("catalogue.db", 100)]
    [InlineData("catalogue.db", 4096)]
    [InlineData("catalogue.db", 9000)]
    public void ATruncatedFileIsRefusedAtOnce(string file, long length)
    {
        string copy = Damaged(file, stream => stream.SetLength(length));
        Assert.Throws<IndexCorruptException>(() => LocalAudioIndex.Open(copy, IndexAccess.Read));
    }

    [Fact]
    public void AMissingSegmentIsNamed()
    {
        File.Delete(Path.Combine(Folder, "vectors-000002.nrs"));
        Assert.Contains("vectors-000002.nrs",
            Assert.Throws<IndexCorruptException>(() => LocalAudioIndex.Open(Folder, IndexAccess.Read)).Message);
    }

    [Fact]
    public void AFileThatIsNoCatalogueIsRefused()
    {
        File.WriteAllBytes(Path.Combine(Folder, "catalogue.db"), new byte[10_000]);
        Assert.Throws<IndexCorruptException>(() => LocalAudioIndex.Open(Folder, IndexAccess.Read));
    }

    [Fact]
    public void AFlippedSchemaVersionIsDamageAndANewerSchemaIsNot()
    {
        string copy = Damaged("catalogue.db", stream => Flip(stream, 63, 3));
        Assert.Contains("schema version 12 does not match the settings",
            Assert.Throws<IndexCorruptException>(() => LocalAudioIndex.Open(copy, IndexAccess.Read)).Message);

        Sql(copy, "PRAGMA user_version = 10; UPDATE settings SET checksum = 5");
        Assert.Contains("schema version 10, this program reads up to 4",
            Assert.Throws<IndexException>(() => LocalAudioIndex.Open(copy, IndexAccess.Read)).Message);
    }

    static void Sql(string folder, string text)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "catalogue.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
