using NativeRetrieval.Core.Devices;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Indexing.Tests;

/// <summary>
/// Searches over a copy of the rows find what searches over the mapped files find; the device here is the CPU, so that the bits are equal,
/// too.
/// </summary>
public sealed class ResidentSearchTests : IDisposable
{
    const int MaxSegmentRows = 50;

    readonly TemporaryFolder _temporary = new();

    /// <summary>Its bytes are counted: no other test uses it.</summary>
    readonly CpuDevice _device = new();

    public void Dispose()
    {
        _device.Dispose();
        _temporary.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_commit_is_found_as_in_the_mapped_files(bool half)
    {
        string folder = _temporary["sounds.nrx"];
        using (var writer = LocalAudioIndex.Create(folder, half ? Samples.BFloat16Settings : Samples.Settings, orOpen: false,
            DiskIo.Shared, MaxSegmentRows))
        using (var resident = LocalAudioIndex.Open(folder, IndexAccess.Read, null, DiskIo.Shared, MaxSegmentRows, _device))
        {
            await ExpectEqualAsync();
            // Segments grow, begin, lose rows and are replaced.
            for (int step = 0; step < 5; step++)
            {
                await writer.UpsertAsync([.. Enumerable.Range(9 * step, 9).Select(i => Samples.Entry(i, windows: 1 + i % 5))],
                    TestContext.Current.CancellationToken);
                await ExpectEqualAsync();
            }
            await writer.DeleteAsync([.. Enumerable.Range(3, 20).Select(Samples.PathOf)], TestContext.Current.CancellationToken);
            await ExpectEqualAsync();
            await writer.CompactAsync(TestContext.Current.CancellationToken);
            await ExpectEqualAsync();
            await writer.DeleteAsync([.. Enumerable.Range(0, 100).Select(Samples.PathOf)], TestContext.Current.CancellationToken);
            await ExpectEqualAsync();

            async Task ExpectEqualAsync()
            {
                foreach (int queries in (int[])[1, 5])
                {
                    float[] batch = [.. Enumerable.Range(0, queries).SelectMany(query => Samples.Vector(700 + query))];
                    foreach (var options in (AudioSearchOptions[])[new(), new() { Top = 1000, Grouping = HitGrouping.AllWindows },
                        new() { Top = 4, PathFilter = "sounds/1/*" }, new() { PathFilter = "nothing" }])
                        Assert.Equal(await writer.SearchBatchAsync(batch, options, TestContext.Current.CancellationToken),
                            await resident.SearchBatchAsync(batch, options, TestContext.Current.CancellationToken));
                }
            }
        }
        Assert.Equal(0, _device.LiveBytes);
    }

    [Fact]
    public async Task Compacted_segments_leave_the_device()
    {
        using var index = LocalAudioIndex.Create(_temporary["sounds.nrx"], Samples.Settings, orOpen: false, DiskIo.Shared,
            MaxSegmentRows, _device);
        await index.UpsertAsync([.. Enumerable.Range(0, 100).Select(i => Samples.Entry(i))], TestContext.Current.CancellationToken);
        await index.SearchAsync(Samples.Vector(1), cancellationToken: TestContext.Current.CancellationToken);
        long all = _device.LiveBytes;
        await index.DeleteAsync([.. Enumerable.Range(0, 75).Select(Samples.PathOf)], TestContext.Current.CancellationToken);
        await index.CompactAsync(TestContext.Current.CancellationToken);
        await index.SearchAsync(Samples.Vector(1), cancellationToken: TestContext.Current.CancellationToken);
        // Rows of 20 float32 values, padded; the device rounds its blocks up by at most an eighth.
        Assert.InRange(all, 200 * 128, 225 * 128);
        Assert.InRange(_device.LiveBytes, 50 * 128, 57 * 128);
    }

    [Fact]
    public async Task Several_threads_may_search_while_rows_are_added()
    {
        using var index = LocalAudioIndex.Create(_temporary["sounds.nrx"], Samples.Settings, orOpen: false, DiskIo.Shared,
            MaxSegmentRows, _device);
        await index.UpsertAsync(Samples.Entry(0), TestContext.Current.CancellationToken);
        var searches = Enumerable.Range(0, 4).Select(async _ =>
        {
            for (int i = 0; i < 30; i++)
                Assert.Equal(Samples.PathOf(0), (await index.SearchAsync(Samples.Vector(0),
                    cancellationToken: TestContext.Current.CancellationToken))[0].Path);
        }).ToList();
        for (int i = 1; i < 30; i++) await index.UpsertAsync(Samples.Entry(i), TestContext.Current.CancellationToken);
        await Task.WhenAll(searches);
    }
}
