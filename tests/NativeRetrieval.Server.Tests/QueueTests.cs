using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using NativeRetrieval.Engine;
using NativeRetrieval.Server.Library;
using NativeRetrieval.Server.Queue;

namespace NativeRetrieval.Server.Tests;

/// <summary>The queue before the model: what waits is answered together, and more than it holds is refused.</summary>
public sealed class QueueTests
{
    [Fact]
    public async Task What_waits_is_answered_in_one_pass_as_if_each_were_alone()
    {
        await using var service = await TestService.StartAsync(
            options => options with { Limits = new ServerLimits { Waiting = 6, Batch = 6 } });
        using var library = new ServedLibrary(service.Options);
        var queue = new WorkQueue(service.Options, library);
        LibraryQuery[] queries =
        [
            Query("rain"), Query("a dog is barking") with { Top = 2 }, Query("rain") with { Without = ["a dog is barking"] },
            Query("rain") with { Filter = new() { MinSeconds = 1.8 } },
                Query("barking dog") with { Grouping = Indexing.HitGrouping.AllWindows },
        ];
        var search = new LibrarySearch(library.Engine, Indexing.LocalAudioIndex.Open(service.IndexFolder, Indexing.IndexAccess.Read));
        var expected = new List<LibraryAnswer>();
        foreach (var query in queries) expected.Add(await search.SearchAsync(query, TestContext.Current.CancellationToken));

        using var batches = new Recorder<int>("nativeretrieval.queue.batch");
        var searches = queries.Select(query => queue.DoAsync(new SearchWork(library.Indexes[0], query, CancellationToken.None))).ToList();
        var texts = queue.DoAsync(new TextWork(["rain falls", "a dog"], CancellationToken.None));
        await queue.StartAsync(TestContext.Current.CancellationToken);
        var answers = await Task.WhenAll(searches);

        Assert.Contains(6, batches.Values);
        Assert.Equal(library.Engine.EmbedTexts(["rain falls", "a dog"]), await texts);
        for (int i = 0; i < queries.Length; i++)
            Assert.Equal(expected[i].Hits.Select(hit => (hit.Path, hit.StartSeconds, hit.Score, hit.SoundRank, hit.WordRank,
                hit.Percentile)),
                answers[i].Answer.Hits.Select(hit => (hit.Path, hit.StartSeconds, hit.Score, hit.SoundRank, hit.WordRank, hit.Percentile)));
        await queue.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_what_waits_is_still_answered_when_the_service_stops()
    {
        await using var service = await TestService.StartAsync();
        var options = service.Options with { Limits = new ServerLimits { Waiting = 3 } };
        using var library = new ServedLibrary(options);
        var queue = new WorkQueue(options, library);
        var waiting = Enumerable.Range(0, 3).Select(_ => queue.DoAsync(new TextWork(["rain"], CancellationToken.None))).ToList();
        var refusal = await Assert.ThrowsAsync<Refusal>(() => queue.DoAsync(new TextWork(["rain"], CancellationToken.None)));
        Assert.Equal((429, 1), (refusal.Status, refusal.RetryAfterSeconds));
        await queue.StartAsync(TestContext.Current.CancellationToken);
        await queue.StopAsync(TestContext.Current.CancellationToken);
        Assert.All(await Task.WhenAll(waiting), vector => Assert.Equal(8, vector.Length));
    }

    [Fact]
    public async Task An_index_whose_vectors_are_damaged_fails_its_searches_and_nothing_else()
    {
        await using var service = await TestService.StartAsync();
        using var library = new ServedLibrary(service.Options);
        using (var vectors = new FileStream(Path.Combine(service.IndexFolder, "vectors-000001.nrs"), FileMode.Open, FileAccess.ReadWrite,
            FileShare.ReadWrite))
        {
            vectors.Position = 4096;
            vectors.WriteByte(0xAA);
        }
        var queue = new WorkQueue(service.Options, library);
        await queue.StartAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<Core.Errors.IndexCorruptException>(() =>
            queue.DoAsync(new SearchWork(library.Indexes[0], Query("rain"), CancellationToken.None)));
        Assert.Equal(8, (await queue.DoAsync(new TextWork(["rain"], CancellationToken.None))).Length);
        await queue.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Work_that_nobody_waits_for_is_left_out_and_work_that_fails_fails_alone()
    {
        await using var service = await TestService.StartAsync();
        using var library = new ServedLibrary(service.Options);
        var queue = new WorkQueue(service.Options, library);
        using var gone = new CancellationTokenSource();
        var abandoned = new TextWork(["rain"], gone.Token);
        var first = queue.DoAsync(abandoned);
        var bad = queue.DoAsync(new SearchWork(library.Indexes[0], Query("rain") with { Top = -1 }, CancellationToken.None));
        var good = queue.DoAsync(new SearchWork(library.Indexes[0], Query("rain"), CancellationToken.None));
        await gone.CancelAsync();
        await queue.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal(4, (await good).Answer.Hits.Count);
        await Assert.ThrowsAsync<Core.Errors.OptionException>(() => bad);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(abandoned.Result.IsCompleted);
        await queue.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Under_more_load_than_it_holds_a_service_answers_200_and_429_alone()
    {
        await using var service = await TestService.StartAsync(
            options => options with { Limits = new ServerLimits { Waiting = 1, Batch = 1 } });
        var statuses = new ConcurrentBag<HttpStatusCode>();
        for (int round = 0; round < 20 && !statuses.Contains(HttpStatusCode.TooManyRequests); round++)
            await Parallel.ForEachAsync(Enumerable.Range(0, 64), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (_, _) =>
            {
                var response = await service.GetAsync("/v1/search?q=rain");
                statuses.Add(response.StatusCode);
                if (response.StatusCode != HttpStatusCode.TooManyRequests) return;
                Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
                await TestService.RefusalOf(response, HttpStatusCode.TooManyRequests);
            });
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.TooManyRequests], statuses.Distinct().Order());
    }

    static LibraryQuery Query(string text) => new() { Parts = [QueryPart.Sentence(text)] };

    /// <summary>The values that an instrument records.</summary>
    sealed class Recorder<T> : IDisposable where T : struct
    {
        readonly MeterListener _listener = new();

        public Recorder(string name)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == RetrievalTelemetry.Name && instrument.Name == name)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<T>((_, value, _, _) => Values.Add(value));
            _listener.Start();
        }

        public ConcurrentBag<T> Values { get; } = [];

        public void Dispose() => _listener.Dispose();
    }
}
