using NAudio.Wave;
using NAudio.Wave.SampleProviders;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.TestModels;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.NAudio.Tests;

/// <summary>Sources of NAudio through a model of random weights into an index.</summary>
public sealed class ProviderIndexingTests : IDisposable
{
    const int RateHz = 44_100;

    readonly TemporaryFolder _folder = new();
    readonly RetrievalEngine _engine;

    public ProviderIndexingTests() => _engine = TinyModel.Open(_folder["model"]);

    [Fact]
    public void A_signal_generator_gives_the_windows_of_a_file_with_its_samples()
    {
        var samples = new float[2 * 5 * RateHz];
        Assert.Equal(samples.Length, Sweep().Read(samples));
        Sounds.WriteWav(_folder["sweep.wav"], WaveFormat.CreateIeeeFloatWaveFormat(RateHz, 2), samples);

        var expected = _engine.EmbedFile(_folder["sweep.wav"], 2, 1, TestContext.Current.CancellationToken);
        var actual = _engine.EmbedStream(Sweep().ToAudioStream("sweep"), "sweep", 2, 1, TestContext.Current.CancellationToken);
        Assert.Equal([(0.0, 2.0), (1.0, 3.0), (2.0, 4.0), (3.0, 5.0)], actual.Select(window => (window.StartSeconds, window.EndSeconds)));
        for (int i = 0; i < expected.Count; i++) Sounds.AssertSameBits(expected[i].Vector.Span, actual[i].Vector.Span);
        Assert.NotEqual(actual[0].Vector.ToArray(), actual[3].Vector.ToArray());

        static ISampleProvider Sweep() => new SignalGenerator(RateHz, 2)
        {
            Type = SignalGeneratorType.Sweep, Frequency = 200, FrequencyEnd = 8_000, SweepLengthSecs = 5, Gain = 0.5,
        }.Take(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_providers_windows_are_indexed_under_a_name_and_found()
    {
        using var index = LocalAudioIndex.EnsureCollectionExists(_folder["sounds.nrx"], _engine.IndexSettings());
        foreach (int hertz in (int[])[220, 3_000])
        {
            string path = _folder[$"{hertz}.session"];
            File.WriteAllText(path, $"a tone of {hertz} Hz");
            var tone = new SignalGenerator(32_000, 1) { Frequency = hertz }.Take(TimeSpan.FromSeconds(3));
            var windows = _engine.EmbedStream(tone.ToAudioStream(path), path, 2, 1, TestContext.Current.CancellationToken);
            var file = new IndexedFile
            {
                Path = path, FullPath = path, ContentHash = ContentHash.OfFile(path, TestContext.Current.CancellationToken),
                SizeBytes = new FileInfo(path).Length,
                ModifiedUtc = File.GetLastWriteTimeUtc(path),
            };
            await index.UpsertAsync([new AudioIndexEntry(file, windows)], TestContext.Current.CancellationToken);
        }
        var query = new SignalGenerator(32_000, 1) { Frequency = 3_000 }.Take(TimeSpan.FromSeconds(2)).ToAudioStream("query");
        var vector = _engine.EmbedStream(query, "query", 2, 2, TestContext.Current.CancellationToken)[0].Vector;
        var hit = (await index.SearchAsync(vector, cancellationToken: TestContext.Current.CancellationToken))[0];
        Assert.Equal("3000.session", Path.GetFileName(hit.Path));
        Assert.Equal(1, hit.Score, 1e-4);
    }

    [Fact]
    public void An_empty_source_and_a_hop_beyond_the_window_are_refused_and_the_source_is_closed()
    {
        var empty = new ListProvider(RateHz, 1, []);
        var error = Assert.Throws<AudioDecodeException>(() => Embed(empty, hopSeconds: 1));
        Assert.Equal("tape: holds no samples that can be decoded", error.Message);
        Assert.True(empty.IsDisposed);

        var tone = new ListProvider(RateHz, 1, new float[RateHz]);
        Assert.Throws<OptionException>(() => Embed(tone, hopSeconds: 3));
        Assert.True(tone.IsDisposed);

        void Embed(ISampleProvider provider, double hopSeconds) =>
            _engine.EmbedStream(provider.ToAudioStream("tape"), "tape", 2, hopSeconds, TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }
}
