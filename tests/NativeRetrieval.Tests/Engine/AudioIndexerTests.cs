using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Engine;

/// <summary>Indexing folders with a model of random weights.</summary>
public sealed class AudioIndexerTests : IDisposable
{
    const int RateHz = 32_000;

    readonly TemporaryFolder _folder = new();
    readonly RetrievalEngine _engine;
    readonly string _sounds;

    public AudioIndexerTests()
    {
        var tokenizer = new TextTokenizer(Vocabulary.FromCaptions(["a dog is barking", "rain falls"]));
        var config = new RetrievalModelConfig
        {
            AudioEncoder = new Cnn14Config { Channels = [8, 8, 8, 8, 16, 16] },
            TextEncoder = new BertConfig
            {
                VocabularySize = tokenizer.Vocabulary.Size, Width = 16, Layers = 1, Heads = 2, HiddenWidth = 32, MaxPositions = 32,
            },
            AudioHeadWidth = 16,
            TextHeadWidth = 16,
            EmbeddingDimension = 8,
            MaxTokens = 32,
            MaxSeconds = 2,
        };
        using (var model = new RetrievalModel(config, tokenizer, CpuDevice.Shared, new PhiloxSequence(new Philox(1))))
        {
            Directory.CreateDirectory(_folder["model"]);
            ModelFolder.Save(_folder["model"], model, "# test\n");
        }
        _engine = RetrievalEngine.Open(_folder["model"], CpuDevice.Shared);
        _sounds = _folder["sounds"];
        Directory.CreateDirectory(Path.Combine(_sounds, "deep"));
        WriteWav("one.wav", 1.5, seed: 1);
        WriteWav("deep/two.wav", 5, seed: 2);
        WriteWav("three.wav", 0.01, seed: 3);
    }

    [Fact]
    public async Task Long_recordings_become_overlapping_windows_that_cover_them()
    {
        await Index();
        using var index = Open();
        var windows = (await index.GetAsync(Path.Combine(_sounds, "deep/two.wav"), TestContext.Current.CancellationToken))!.Windows;
        Assert.Equal([(0.0, 2.0), (1.0, 3.0), (2.0, 4.0), (3.0, 5.0)], windows.Select(w => (w.StartSeconds, w.EndSeconds)));
        Assert.Equal(3, index.Stats().Files);
    }

    [Fact]
    public async Task A_window_found_by_its_own_vector_is_the_first_hit_with_its_times()
    {
        await Index();
        using var index = Open();
        var window = _engine.EmbedFile(Path.Combine(_sounds, "deep/two.wav"), 2, 1, TestContext.Current.CancellationToken)[2];
        var hit = (await index.SearchAsync(window.Vector, cancellationToken: TestContext.Current.CancellationToken))[0];
        Assert.Equal((2.0, 4.0, "two.wav"), (hit.StartSeconds, hit.EndSeconds, Path.GetFileName(hit.Path)));
    }

    [Fact]
    public void A_window_has_the_same_vector_alone_and_among_others()
    {
        string path = Path.Combine(_sounds, "deep/two.wav");
        var all = _engine.EmbedFile(path, 2, 1, TestContext.Current.CancellationToken);
        var again = _engine.EmbedFile(path, 2, 2, TestContext.Current.CancellationToken);
        Golden.Check(Wide(all[0].Vector), all[0].Vector.Span, 0, "same file, same run");
        Golden.Check(Wide(all[2].Vector), again[1].Vector.Span, 1e-5, "the window from 2 s, in other company");
    }

    [Fact]
    public async Task Only_what_is_new_or_changed_is_embedded_again()
    {
        Assert.Equal((3, 0), Count(await Index()));
        Assert.Equal((0, 3), Count(await Index()));

        WriteWav("one.wav", 1.5, seed: 9);
        File.Move(Path.Combine(_sounds, "three.wav"), Path.Combine(_sounds, "moved.wav"));
        WriteWav("four.wav", 1, seed: 4);
        var report = await Index();
        Assert.Equal((2, 1, 1, 0), (report.Embedded, report.Unchanged, report.Moved, report.Removed));

        File.Delete(Path.Combine(_sounds, "deep/two.wav"));
        Assert.Equal(1, (await Index()).Removed);
        using var index = Open();
        Assert.Equal(["four.wav", "moved.wav", "one.wav"], index.Files().Select(file => Path.GetFileName(file.FullPath)).Order());

        static (int, int) Count(IndexingReport report) => (report.Embedded, report.Unchanged);
    }

    public void Dispose()
    {
        _engine.Dispose();
        _folder.Dispose();
    }

    async Task<IndexingReport> Index()
    {
        using var index = LocalAudioIndex.EnsureCollectionExists(_folder["sounds.nrx"], _engine.IndexSettings());
        return await new AudioIndexer(_engine, index).RunAsync([_sounds], cancellation: TestContext.Current.CancellationToken);
    }

    LocalAudioIndex Open() => LocalAudioIndex.Open(_folder["sounds.nrx"], IndexAccess.Read, _engine.Fingerprint);

    static double[] Wide(ReadOnlyMemory<float> vector) => [.. vector.ToArray().Select(v => (double)v)];

    /// <summary>Every second another tone, in noise, as 16-bit PCM.</summary>
    void WriteWav(string name, double seconds, ulong seed)
    {
        var random = new PhiloxSequence(new Philox(seed));
        int samples = (int)(seconds * RateHz);
        using var file = new BinaryWriter(File.Create(Path.Combine(_sounds, name)));
        file.Write("RIFF"u8);
        file.Write(36 + 2 * samples);
        file.Write("WAVEfmt "u8);
        file.Write(16);
        file.Write((short)1);
        file.Write((short)1);
        file.Write(RateHz);
        file.Write(2 * RateHz);
        file.Write((short)2);
        file.Write((short)16);
        file.Write("data"u8);
        file.Write(2 * samples);
        for (int i = 0; i < samples; i++)
        {
            double tone = Math.Sin(2 * Math.PI * 300 * (seed + 3 * (ulong)(i / RateHz)) * i / RateHz);
            file.Write((short)(15_000 * tone + 2_000 * (random.NextUniform() - 0.5)));
        }
    }
}
