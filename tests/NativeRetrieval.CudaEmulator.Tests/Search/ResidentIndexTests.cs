using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing;
using NativeRetrieval.Indexing.Storage.Segments;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Search;

/// <summary>
/// An index on the device gives the hits of the mapped one: after appends and deletions, filtered or not, for one query and for many.
/// <see cref="DeviceCollection"/> holds that its copies are freed with it.
/// </summary>
[Collection("device")]
public sealed class ResidentIndexTests : IDisposable
{
    const int Dimension = 20, MaxSegmentRows = 40;

    readonly TemporaryFolder _temporary = new();

    public static TheoryData<string, DType> Elements =>
        [.. DeviceOrder.All.SelectMany(order => ((DType[])[DType.Float32, DType.BFloat16]).Select(element => (order, element)))];

    public void Dispose() => _temporary.Dispose();

    [Theory, MemberData(nameof(Elements))]
    public async Task Hits_are_those_of_the_mapped_files(string order, DType element)
    {
        using var test = new TestDevice(order);
        string folder = _temporary["sounds.nrx"];
        var settings = new IndexSettings
        {
            ModelId = "tiny",
            ModelFingerprint = new string('a', 64),
            Dimension = Dimension,
            Element = element,
            WindowSeconds = 10,
            HopSeconds = 5,
        };
        using (var mapped = LocalAudioIndex.Create(folder, settings, orOpen: false, DiskIo.Shared, MaxSegmentRows))
        using (var resident = LocalAudioIndex.Open(folder, IndexAccess.Read, device: test.Device))
        {
            await mapped.UpsertAsync([.. Enumerable.Range(0, 12).Select(Entry)], TestContext.Current.CancellationToken);
            await ExpectEqualAsync(1);
            await mapped.UpsertAsync([.. Enumerable.Range(12, 18).Select(Entry)], TestContext.Current.CancellationToken);
            await mapped.DeleteAsync([.. ((int[])[2, 3, 11, 25]).Select(PathOf)], TestContext.Current.CancellationToken);
            Assert.Equal(2, mapped.Stats().Segments);
            await ExpectEqualAsync(1);
            await ExpectEqualAsync(70);

            async Task ExpectEqualAsync(int queries)
            {
                AudioSearchOptions[] searches =
                    [new(), new() { Top = 1000, Grouping = HitGrouping.AllWindows }, new() { Top = 3, PathFilter = "1/*" }];
                float[] batch = [.. Enumerable.Range(0, queries).SelectMany(query => Vector(900 + query))];
                foreach (var options in searches)
                {
                    var expected = await mapped.SearchBatchAsync(batch, options, TestContext.Current.CancellationToken);
                    var found = await resident.SearchBatchAsync(batch, options, TestContext.Current.CancellationToken);
                    for (int query = 0; query < queries; query++)
                    {
                        Assert.NotEmpty(found[query]);
                        Assert.Equal(expected[query].Select(hit => hit with { Score = 0 }),
                            found[query].Select(hit => hit with { Score = 0 }));
                        for (int i = 0; i < found[query].Count; i++) Assert.Equal(expected[query][i].Score, found[query][i].Score, 1e-5);
                    }
                }
            }
        }
    }

    /// <summary>Each fourth file sounds like the one before it: equal scores are ranked by row.</summary>
    static AudioIndexEntry Entry(int number) => new(
        new IndexedFile
        {
            Path = $"{number % 3}/{number}.wav",
            FullPath = PathOf(number),
            ContentHash = $"{number:x64}",
            SizeBytes = 100 + number,
            ModifiedUtc = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc),
        },
        [.. Enumerable.Range(0, 1 + number / 4 % 3)
            .Select(i => new AudioWindow(5 * i, 5 * i + 10, Vector(10 * (number % 4 == 3 ? number - 1 : number) + i)))]);

    static string PathOf(int number) => Path.GetFullPath($"/library/{number % 3}/{number}.wav");

    static float[] Vector(int number)
    {
        var random = new PhiloxSequence(new Philox(5, (ulong)number));
        return [.. Enumerable.Range(0, Dimension).Select(_ => (float)random.NextNormal())];
    }
}
