using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Searching;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>Rows are kept rounded; what is found must be what scoring all rows as they are finds, bit by bit.</summary>
public sealed class RoundedSearchTests : IDisposable
{
    readonly TemporaryFolder _temporary = new();

    string Folder => _temporary["sounds.nrx"];

    public void Dispose() => _temporary.Dispose();

    public enum Rows
    {
        Random,

        /// <summary>Many rows that rounding makes equal or exchanges.</summary>
        Close,

        /// <summary>More equal rows than are looked at again.</summary>
        Equal,
    }

    [Theory]
    [InlineData(Rows.Random, 4_000, false)]
    [InlineData(Rows.Random, 4_000, true)]
    [InlineData(Rows.Close, 4_000, false)]
    [InlineData(Rows.Close, 4_000, true)]
    [InlineData(Rows.Equal, 70_000, false)]
    public async Task Rounded_rows_find_the_bits_that_all_rows_as_they_are_find(Rows kind, int rows, bool isBFloat16)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using (var writer = LocalAudioIndex.Create(Folder, isBFloat16 ? Samples.BFloat16Settings : Samples.Settings))
            await writer.UpsertAsync([.. Enumerable.Range(0, rows / 500).Select(file => new AudioIndexEntry(Samples.File(file),
                [.. Enumerable.Range(500 * file, 500).Select(row => new AudioWindow(row, row + 1, Vector(kind, row)))]))], cancellation);
        using LocalAudioIndex kept = Open(), files = Open();
        ((HostRowSearch)kept.RowSearch).Keeps = true;
        ((HostRowSearch)files.RowSearch).MaxSizeBytes = 0;
        float[] queries = [.. Vector(kind, 7), .. Vector(kind, 1_007), .. Samples.Vector(-1)];
        foreach (int top in (int[])[1, 10, 600])
        {
            var options = new AudioSearchOptions { Top = top, Grouping = HitGrouping.AllWindows };
            var expected = await files.SearchBatchAsync(queries, options, cancellation);
            Assert.Equal(expected, await kept.SearchBatchAsync(queries, options, cancellation));
            Assert.All(expected, hits => Assert.Equal(Math.Min(top, rows), hits.Count));
        }
    }

    [Fact]
    public async Task The_first_search_keeps_no_rows_and_the_second_keeps_half_their_bytes()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using (var writer = LocalAudioIndex.Create(Folder, Samples.Settings))
            await writer.UpsertAsync([.. Enumerable.Range(0, 3).Select(file => Samples.Entry(file, windows: 300))], cancellation);
        using var index = Open();
        var search = (HostRowSearch)index.RowSearch;
        // All windows: one pass over the rows is enough.
        var options = new AudioSearchOptions { Grouping = HitGrouping.AllWindows };
        var first = await index.SearchAsync(Samples.Vector(3), options, cancellation);
        Assert.Equal(0, search.KeptRows);
        Assert.Equal(first, await index.SearchAsync(Samples.Vector(3), options, cancellation));
        Assert.Equal(900, search.KeptRows);
        Assert.Equal(2 * RowMemory.RoundedStrideBytes(new(Samples.Dimension, Samples.Settings.Element, Guid.Empty)),
            new SegmentFormat(Samples.Dimension, Samples.Settings.Element, Guid.Empty).StrideBytes);
    }

    [Theory]
    [InlineData(long.MaxValue, 900)]
    [InlineData(0, 0)]
    public async Task Rows_are_loaded_ahead_where_they_may_be_kept(long most, long expected)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using (var writer = LocalAudioIndex.Create(Folder, Samples.Settings))
            await writer.UpsertAsync([.. Enumerable.Range(0, 3).Select(file => Samples.Entry(file, windows: 300))], cancellation);
        using LocalAudioIndex loaded = Open(), other = Open();
        var search = (HostRowSearch)loaded.RowSearch;
        search.MaxSizeBytes = most;
        await loaded.LoadAsync(cancellation);
        Assert.Equal(expected, search.KeptRows);
        Assert.Equal(await other.SearchAsync(Samples.Vector(3), cancellationToken: cancellation),
            await loaded.SearchAsync(Samples.Vector(3), cancellationToken: cancellation));
        Assert.Equal(expected, search.KeptRows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_search_of_few_rows_reads_and_compares_these_alone(bool isBFloat16)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var settings = isBFloat16 ? Samples.BFloat16Settings : Samples.Settings;
        using (var writer = LocalAudioIndex.Create(Folder, settings))
        {
            await writer.UpsertAsync([.. Enumerable.Range(0, 50).Select(file => Samples.Entry(file, windows: 20))], cancellation);
            await writer.DeleteAsync([Samples.PathOf(8)], cancellation);
        }
        using LocalAudioIndex few = Open(), all = Open();
        var search = (HostRowSearch)few.RowSearch;
        search.Keeps = ((HostRowSearch)all.RowSearch).Keeps = true;
        await all.SearchAsync(Samples.Vector(1), cancellationToken: cancellation);
        foreach (int file in (int[])[7, 9, 49])
        {
            var query = new LibraryIndexQuery { Vector = Samples.Vector(3), Grouping = HitGrouping.AllWindows, Top = 15,
                Filter = new() { FullPath = Samples.PathOf(file) } };
            var found = await few.SearchAsync(query, cancellation);
            Assert.Equal(15, found.Count);
            Assert.Equal((await all.SearchAsync(query, cancellation)).Select(hit => (hit.RowId, hit.Score)),
                found.Select(hit => (hit.RowId, hit.Score)));
        }
        Assert.Equal(0, search.KeptRows);
        using (var rows = new FileStream(Path.Combine(Folder, "vectors-000001.nrs"), FileMode.Open, FileAccess.ReadWrite))
        {
            rows.Position = 4096 + (7 * 20 + 19) * new SegmentFormat(Samples.Dimension, settings.Element, Guid.Empty).StrideBytes;
            rows.WriteByte(0xAA);
        }
        var error = await Assert.ThrowsAsync<IndexCorruptException>(() => few.SearchAsync(new LibraryIndexQuery
        {
            Vector = Samples.Vector(3), Top = 1, Filter = new() { FullPath = Samples.PathOf(7) },
        }, cancellation));
        Assert.Contains("row 159 at byte", error.Message);
    }

    LocalAudioIndex Open() => LocalAudioIndex.Open(Folder, IndexAccess.Read);

    static float[] Vector(Rows kind, int row)
    {
        float[] vector = Samples.Vector(kind == Rows.Random ? row : 1);
        if (kind == Rows.Close) vector[row % Samples.Dimension] += row * 1e-6f;
        return vector;
    }
}
