using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Indexing.Storage.Searching;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>A damaged row would rank lower or higher than it should: no search may answer beside one, however good its hits.</summary>
public sealed class DamagedRowTests : IDisposable
{
    const int Stride = 128, Header = 4096, Damaged = 7, Deleted = 2;

    readonly TemporaryFolder _temporary = new();

    string Folder => _temporary["sounds.nrx"];

    string Segment => Path.Combine(Folder, "vectors-000001.nrs");

    public void Dispose() => _temporary.Dispose();

    public enum Kind
    {
        Zeros,
        NaN,
        LowMantissaBit,
        ExponentBit,
        Padding,
        Swapped,
    }

    public enum Reader
    {
        Memory,
        Files,
        Device,
    }

    public static TheoryData<Kind, Reader> All()
    {
        var all = new TheoryData<Kind, Reader>();
        foreach (var kind in Enum.GetValues<Kind>())
            foreach (var reader in Enum.GetValues<Reader>()) all.Add(kind, reader);
        return all;
    }

    void Make(int files = 12)
    {
        using var index = LocalAudioIndex.Create(Folder, Samples.Settings);
        index.UpsertAsync([.. Enumerable.Range(0, files).Select(i => Samples.Entry(i, windows: 1))]).GetAwaiter().GetResult();
        index.DeleteAsync([Samples.PathOf(Deleted)]).GetAwaiter().GetResult();
    }

    void Damage(Kind kind, int row)
    {
        using var file = new FileStream(Segment, FileMode.Open);
        byte[] bytes = new byte[2 * Stride];
        file.Position = Header + row * Stride;
        file.ReadExactly(bytes);
        switch (kind)
        {
            case Kind.Zeros: bytes.AsSpan(0, Stride).Clear(); break;
            case Kind.NaN: BitConverter.TryWriteBytes(bytes.AsSpan(12), float.NaN); break;
            case Kind.LowMantissaBit: bytes[4] ^= 1; break;
            case Kind.ExponentBit: bytes[7] ^= 0x40; break;
            case Kind.Padding: bytes[Stride - 1] ^= 1; break;
            default: bytes = [.. bytes[Stride..], .. bytes[..Stride]]; break;
        }
        file.Position = Header + row * Stride;
        file.Write(bytes);
    }

    void Cut(int rows)
    {
        using var file = new FileStream(Segment, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(Header + rows * Stride);
    }

    LocalAudioIndex Open(Reader reader)
    {
        var index = LocalAudioIndex.Open(Folder, IndexAccess.Read, null, DiskIo.Shared, 1000,
            reader == Reader.Device ? CpuDevice.Shared : null);
        if (reader == Reader.Files) ((HostRowSearch)index.RowSearch).MaxSizeBytes = 0;
        if (reader == Reader.Memory) ((HostRowSearch)index.RowSearch).Keeps = true;
        return index;
    }

    static Task<IReadOnlyList<SearchHit>> Search(LocalAudioIndex index) =>
        index.SearchAsync(Samples.Vector(0), new() { Top = 1 }, TestContext.Current.CancellationToken);

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_search_beside_a_damaged_row_names_it_and_its_file_and_does_so_again(Kind kind, Reader reader)
    {
        Make();
        using (var intact = Open(reader)) Assert.Equal(Samples.PathOf(0), Assert.Single(await Search(intact)).Path);
        Damage(kind, Damaged);
        using var index = Open(reader);
        for (int again = 0; again < 2; again++)
        {
            string message = (await Assert.ThrowsAsync<IndexCorruptException>(() => Search(index))).Message;
            Assert.Contains($"vectors-000001.nrs: row {Damaged} at byte {Header + Damaged * Stride:N0}", message);
            Assert.Contains(Samples.PathOf(Damaged), message);
        }
    }

    [Theory]
    [InlineData(Reader.Memory)]
    [InlineData(Reader.Files)]
    [InlineData(Reader.Device)]
    public async Task A_damaged_row_that_was_deleted_changes_nothing(Reader reader)
    {
        Make();
        Damage(Kind.NaN, Deleted);
        using var index = Open(reader);
        for (int again = 0; again < 2; again++) Assert.Equal(Samples.PathOf(0), Assert.Single(await Search(index)).Path);
        using (var writer = LocalAudioIndex.Open(Folder, IndexAccess.Write))
            await writer.UpsertAsync(Samples.Entry(50), TestContext.Current.CancellationToken);
        Assert.Equal(13, (await index.SearchAsync(Samples.Vector(0), new() { Top = 99, Grouping = HitGrouping.AllWindows },
            TestContext.Current.CancellationToken)).Count);
    }

    [Theory]
    [InlineData(Reader.Memory)]
    [InlineData(Reader.Files)]
    [InlineData(Reader.Device)]
    public async Task Rows_that_come_later_are_compared_too_and_those_before_stay_usable(Reader reader)
    {
        Make();
        using var index = Open(reader);
        Assert.Single(await Search(index));
        using (var writer = LocalAudioIndex.Open(Folder, IndexAccess.Write))
            await writer.UpsertAsync([Samples.Entry(20), Samples.Entry(21)], TestContext.Current.CancellationToken);
        Damage(Kind.LowMantissaBit, row: 13);
        Assert.Contains("row 13 at", (await Assert.ThrowsAsync<IndexCorruptException>(() => Search(index))).Message);
    }

    [Theory]
    [InlineData(Reader.Memory)]
    [InlineData(Reader.Files)]
    [InlineData(Reader.Device)]
    public async Task A_segment_cut_under_an_open_index_is_an_error_and_the_process_lives(Reader reader)
    {
        Make(files: 3000);
        using var index = Open(reader);
        Cut(rows: 50);
        string message = (await Assert.ThrowsAsync<IndexCorruptException>(() => Search(index))).Message;
        Assert.Contains("vectors-000001.nrs: ends at byte", message);
        Assert.Contains("truncated", message);
    }

    [Fact]
    public async Task A_segment_cut_after_it_was_read_leaves_right_answers_or_an_error()
    {
        Make();
        using var index = Open(Reader.Memory);
        var before = await Search(index);
        Cut(rows: 5);
        try
        {
            Assert.Equal(before, await Search(index));
        }
        catch (IndexCorruptException e)
        {
            Assert.Contains("truncated", e.Message);
        }
        await Assert.ThrowsAsync<IndexCorruptException>(() =>
            index.SearchAsync(Samples.Vector(11_000), new() { Top = 1 }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Reading_from_files_finds_the_bits_that_memory_finds_and_several_pieces_do_too()
    {
        using (var writer = LocalAudioIndex.Create(Folder, Samples.Settings))
            for (int i = 0; i < 3; i++)
                await writer.UpsertAsync([.. Enumerable.Range(100 * i, 100).Select(n => Samples.Entry(n, windows: 500))],
                    TestContext.Current.CancellationToken);
        using LocalAudioIndex memory = Open(Reader.Memory), files = Open(Reader.Files), device = Open(Reader.Device);
        float[] queries = [.. Samples.Vector(1), .. Samples.Vector(2)];
        foreach (var options in (AudioSearchOptions[])[new(), new() { Top = 700, Grouping = HitGrouping.AllWindows },
            new() { PathFilter = "*7.wav" }])
        {
            var expected = await memory.SearchBatchAsync(queries, options, TestContext.Current.CancellationToken);
            Assert.Equal(expected, await files.SearchBatchAsync(queries, options, TestContext.Current.CancellationToken));
            Assert.Equal(expected, await device.SearchBatchAsync(queries, options, TestContext.Current.CancellationToken));
        }
    }
}
