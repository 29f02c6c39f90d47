using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Hosting.Generators;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Hosting.Tests.Generators;

/// <summary>The generators behind the middleware of Microsoft.Extensions.AI.</summary>
public sealed class MiddlewareTests(TinyEngine model) : IClassFixture<TinyEngine>
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cache_answers_a_sentence_that_was_embedded_before_with_the_same_bits()
    {
        using var inner = new TextEmbeddingGenerator(model.Engine);
        var counted = new CountingGenerator<string>(inner);
        using var cached = counted.AsBuilder().UseDistributedCache(Store()).Build();
        var first = await cached.GenerateAsync(["a dog is barking", "rain falls 犬"], cancellationToken: Token);
        var second = await cached.GenerateAsync(["rain falls 犬", "a dog", "a dog is barking"], cancellationToken: Token);
        Assert.Equal(["a dog is barking", "rain falls 犬", "a dog"], counted.Inputs);
        Assert.Equal(first[0].Vector.ToArray(), second[2].Vector.ToArray());
        Assert.Equal(first[1].Vector.ToArray(), second[0].Vector.ToArray());
        Assert.Equal(("tiny", 8), (second[2].ModelId, second[2].Dimensions));
        Assert.Equal("1", second[0].AdditionalProperties![TextEmbeddingGenerator.UnknownTokens]?.ToString());
    }

    [Fact]
    public async Task A_cache_answers_a_sound_by_its_bytes()
    {
        WavFile.Write(model["a.wav"], 0.5, 300);
        WavFile.Write(model["b.wav"], 0.5, 301);
        using var inner = new AudioEmbeddingGenerator(model.Engine);
        var counted = new CountingGenerator<DataContent>(inner);
        using var cached = counted.AsBuilder().UseDistributedCache(Store()).Build();
        var first = await cached.GenerateAsync(await Sound("a.wav"), cancellationToken: Token);
        var again = await cached.GenerateAsync(await Sound("a.wav"), cancellationToken: Token);
        var other = await cached.GenerateAsync(await Sound("b.wav"), cancellationToken: Token);
        Assert.Equal(2, counted.Inputs.Count);
        Assert.Equal(first.Vector.ToArray(), again.Vector.ToArray());
        Assert.NotEqual(first.Vector.ToArray(), other.Vector.ToArray());
    }

    /// <summary>The cache's own key knows sentence and options alone: two models in one store need the fingerprint in theirs.</summary>
    [Fact]
    public async Task Two_models_share_a_cache_by_their_fingerprints()
    {
        TinyModel.Write(model["other"], seed: 2);
        using var otherEngine = RetrievalEngine.Open(model["other"], CpuDevice.Shared);
        var store = Store();
        var vectors = new List<float[]>();
        foreach (var engine in (RetrievalEngine[])[model.Engine, otherEngine, model.Engine])
        {
            using var generator = new TextEmbeddingGenerator(engine).AsBuilder()
                .UseDistributedCache(store, cache => cache.CacheKeyAdditionalValues = [engine.Fingerprint]).Build();
            vectors.Add((await generator.GenerateVectorAsync("a dog", cancellationToken: Token)).ToArray());
        }
        Assert.Equal(otherEngine.EmbedTexts(["a dog"]), vectors[1]);
        Assert.Equal(vectors[0], vectors[2]);
        Assert.NotEqual(vectors[0], vectors[1]);
    }

    [Fact]
    public async Task A_logger_sees_calls_and_their_errors()
    {
        var log = new ListLogger();
        using var factory = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log));
        using var logged = new TextEmbeddingGenerator(model.Engine).AsBuilder().UseLogging(factory).Build();
        await logged.GenerateAsync(["a dog"], cancellationToken: Token);
        await Assert.ThrowsAsync<OptionException>(() => logged.GenerateAsync([""], cancellationToken: Token));
        Assert.Contains(log.Lines, line => line.Contains("GenerateAsync invoked"));
        Assert.Contains(log.Lines, line => line.Contains("generated 1 embedding"));
        Assert.Contains(log.Lines, line => line.Contains("GenerateAsync failed") && line.Contains("text 0 is empty"));
        // The metadata is what the logger tells of a generator.
        Assert.Contains(log.Lines, line => line.Contains("\"nativeretrieval\""));
    }

    [Fact]
    public async Task OpenTelemetrys_names_are_filled_from_metadata_and_usage()
    {
        string source = $"tests-{Guid.NewGuid():N}";
        var activities = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = candidate => candidate.Name == source || candidate.Name == RetrievalTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var tokens = new ConcurrentQueue<int>();
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == source && instrument.Name == "gen_ai.client.token.usage")
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        meters.SetMeasurementEventCallback<int>((_, value, _, _) => tokens.Enqueue(value));
        meters.Start();

        using var traced = new TextEmbeddingGenerator(model.Engine).AsBuilder().UseOpenTelemetry(sourceName: source).Build();
        var generated = await traced.GenerateAsync(["a dog"], cancellationToken: Token);
        var outer = Assert.Single(activities, activity => activity.Source.Name == source);
        Assert.Equal("embeddings tiny", outer.DisplayName);
        Assert.Equal("nativeretrieval", outer.GetTagItem("gen_ai.provider.name"));
        Assert.Equal("tiny", outer.GetTagItem("gen_ai.request.model"));
        Assert.Equal(8, outer.GetTagItem("gen_ai.embeddings.dimension.count"));
        Assert.Equal((int)generated.Usage!.InputTokenCount!.Value, outer.GetTagItem("gen_ai.usage.input_tokens"));
        Assert.Contains((int)generated.Usage.InputTokenCount.Value, tokens);
        Assert.Contains(activities, activity => activity.OperationName == "generate text" && activity.ParentSpanId == outer.SpanId);
    }

    [Fact]
    public async Task The_generators_own_instruments_tell_duration_outcome_and_pass()
    {
        var recorded = new ConcurrentQueue<(string Name, double Value, string Tags)>();
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == RetrievalTelemetry.Name && instrument.Name.Contains("generator"))
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        meters.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        meters.Start();
        using (var generator = new TextEmbeddingGenerator(model.Engine))
        {
            await generator.GenerateAsync(["a dog", "rain falls", "a sound"], cancellationToken: Token);
            await Assert.ThrowsAsync<OptionException>(() => generator.GenerateAsync([""], cancellationToken: Token));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                generator.GenerateAsync(["a dog"], cancellationToken: new CancellationToken(canceled: true)));
        }
        Assert.Contains(recorded, value => value is { Name: "nativeretrieval.generator.pass", Value: 3, Tags: "kind=text" });
        foreach (string outcome in (string[])["embedded", "refused", "cancelled"])
            Assert.Contains(recorded, value => value.Name == "nativeretrieval.generator.duration" && value.Value >= 0
                && value.Tags == $"kind=text,outcome={outcome}");
        Assert.Contains(recorded, value => value is { Name: "nativeretrieval.generator.waiting", Value: 1 });
        Assert.Contains(recorded, value => value is { Name: "nativeretrieval.generator.waiting", Value: -1 });

        void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            recorded.Enqueue((instrument.Name, value, string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
    }

    static MemoryDistributedCache Store() => new(Options.Create(new MemoryDistributedCacheOptions()));

    Task<DataContent> Sound(string name) => DataContent.LoadFromAsync(model[name], "audio/wav", Token).AsTask();

    sealed class CountingGenerator<T>(IEmbeddingGenerator<T, Embedding<float>> inner)
        : DelegatingEmbeddingGenerator<T, Embedding<float>>(inner)
    {
        public List<T> Inputs { get; } = [];

        public override Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<T> values,
            EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
        {
            Inputs.AddRange(values);
            return base.GenerateAsync(values, options, cancellationToken);
        }
    }

    sealed class ListLogger : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => Lines.Enqueue($"{formatter(state, exception)} {exception?.Message}");

        public void Dispose()
        {
        }
    }
}
