using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Cli.Tests;

/// <summary>
/// A vector of HTS-AT or RoBERTa is the same to the bit, whatever is embedded with it, in which order, in which process and by how many
/// threads. The layers have the published widths, at which threads share the work.
/// </summary>
public sealed class VectorBitsTests : IDisposable
{
    const int RateHz = 48_000;

    static readonly string[] _texts =
    [
        "rain on a tin roof", "a dog", "a dog is barking while rain falls on a tin roof and cars pass by in the distance", "wind",
        "people talk in a large hall", "a", "birds sing in the morning", "an engine idles, then it is switched off", "glass breaks",
    ];

    readonly TemporaryFolder _folder = new();
    readonly string _model;

    public VectorBitsTests()
    {
        // The byte alphabet as it stands in vocabularies, without merges: every character is a token.
        var tokens = Enumerable.Range(0, 512).Select(i => ((char)i).ToString()).Where(text => !char.IsControl(text[0]));
        var tokenizer = TextTokenizer.ByteLevelBpe(Vocabulary.FromTokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>", .. tokens]), []);
        var config = new RetrievalModelConfig
        {
            AudioEncoder = new HtsAtConfig { ImageSize = 128, PatchWidth = 96, Depths = [2, 2], Heads = [4, 8] },
            LogMel = new() { SampleRateHz = RateHz, HopSamples = 480 },
            ShortClips = ShortClipRule.Repeat,
            TextEncoder = new RobertaConfig
            {
                VocabularySize = tokenizer.Vocabulary.Size, Width = 768, Layers = 1, Heads = 12, HiddenWidth = 3072, MaxPositions = 130,
                Pooling = TextPooling.Pooler,
            },
            AudioHeadWidth = 64, TextHeadWidth = 64, EmbeddingDimension = 64, MaxTokens = 128, MaxSeconds = 2.5,
        };
        using var model = new RetrievalModel(config, tokenizer, CpuDevice.Shared, new PhiloxSequence(new Philox(1)));
        ModelFolder.Save(_model = Directory.CreateDirectory(_folder["model"]).FullName, model, "# test\n");
        Directory.CreateDirectory(_folder["sounds"]);
        foreach (double seconds in new[] { 0.4, 1.7, 2.5, 7.3, 2.5, 11 })
            WavFile.Write(_folder[$"sounds/{Directory.GetFiles(_folder["sounds"]).Length}.wav"], Sound(seconds), RateHz);
    }

    [Fact]
    public void Sentences_have_one_vector_whatever_stands_beside_them()
    {
        using var engine = RetrievalEngine.Open(_model, CpuDevice.Shared);
        float[][] alone = [.. _texts.Select(text => engine.EmbedTexts([text]))];
        Assert.Equal(_texts.Length, alone.Select(vector => vector[0]).Distinct().Count());
        AssertSame(alone, [.. engine.EmbedTexts(_texts).Chunk(64)]);
        AssertSame([.. alone.Reverse()], [.. engine.EmbedTexts([.. _texts.Reverse()]).Chunk(64)]);
        string[] many = [.. Enumerable.Range(0, 70).Select(i => _texts[i % _texts.Length])];
        AssertSame([.. many.Select((_, i) => alone[i % _texts.Length])], [.. engine.EmbedTexts(many).Chunk(64)]);
    }

    [Fact]
    public void Windows_have_one_vector_whatever_is_embedded_with_them()
    {
        using var engine = RetrievalEngine.Open(_model, CpuDevice.Shared);
        float[][] clips = [.. new[] { 0.4, 1.7, 2.5, 2.1, 2.5 }.Select(seconds => Padded(Sound(seconds)))];
        float[][] alone = [.. clips.Select(clip => Embedder.Waveforms(engine.Model, [clip], TestContext.Current.CancellationToken))];
        Assert.Equal(4, alone.Select(vector => vector[0]).Distinct().Count());
        float[][] order = [clips[3], clips[1], clips[4], clips[0], clips[2]];
        AssertSame([alone[3], alone[1], alone[4], alone[0], alone[2]],
            [.. Embedder.Waveforms(engine.Model, order, TestContext.Current.CancellationToken).Chunk(64)]);

        static float[] Padded(short[] samples)
        {
            var filled = new float[(int)(2.5 * RateHz)];
            for (int i = 0; i < filled.Length / samples.Length * samples.Length; i++) filled[i] = samples[i % samples.Length] / 32768f;
            return filled;
        }
    }

    [Fact]
    public void Processes_and_numbers_of_threads_make_no_difference()
    {
        File.WriteAllLines(_folder["texts.txt"], _texts);
        foreach (string threads in (string[])["1", "2", "3"])
        {
            Start(threads, "embed", "--texts", _folder["texts.txt"], "--to", _folder[$"texts{threads}.npy"]);
            Start(threads, "embed", _folder["sounds"], "--to", _folder[$"sounds{threads}.npy"]);
        }
        foreach (string threads in (string[])["2", "3"])
            foreach (string kind in (string[])["texts", "sounds"])
                Assert.True(File.ReadAllBytes(_folder[$"{kind}1.npy"]).AsSpan()
                    .SequenceEqual(File.ReadAllBytes(_folder[$"{kind}{threads}.npy"])), $"{kind} with {threads} threads");
    }

    [Fact]
    public async Task An_index_of_many_files_holds_what_indexes_of_one_file_hold()
    {
        string[] sounds = [.. Directory.GetFiles(_folder["sounds"]).Order(StringComparer.Ordinal)];
        var all = await Scores(_folder["all.nrx"], _folder["sounds"]);
        foreach (string sound in sounds)
        {
            var one = await Scores(_folder[Path.GetFileName(sound) + ".nrx"], sound);
            Assert.Equal(all.Where(hit => hit.Path == sound), one);
        }

        async Task<List<(string? Path, double Start, double End, double Score)>> Scores(string index, string sounds)
        {
            var indexed = await CommandLine.Run("index", sounds, "--to", index, "--model", _model, "--device", "cpu");
            Assert.True(indexed.ExitCode == 0, indexed.Error);
            var found = await CommandLine.Run("search", _texts[0], "--index", index, "--windows", "--top", "100", "--json",
                "--device", "cpu");
            return [.. JsonDocument.Parse(found.Out).RootElement.GetProperty("hits").EnumerateArray().Select(hit =>
                (hit.GetProperty("path").GetString(), hit.GetProperty("start_seconds").GetDouble(),
                    hit.GetProperty("end_seconds").GetDouble(), hit.GetProperty("score").GetDouble()))];
        }
    }

    public void Dispose() => _folder.Dispose();

    void Start(string threads, params string[] args)
    {
        var run = CommandLine.Start(new() { ["NATIVERETRIEVAL_THREADS"] = threads }, [.. args, "--model", _model, "--device", "cpu"]);
        Assert.True(run.ExitCode == 0, run.Error);
    }

    static void AssertSame(float[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int row = 0; row < expected.Length; row++)
            Assert.True(expected[row].AsSpan().SequenceEqual(actual[row]),
                $"row {row} differs by up to {expected[row].Zip(actual[row], (x, y) => Math.Abs(x - y)).Max()}");
    }

    static short[] Sound(double seconds)
    {
        var random = new PhiloxSequence(new Philox((ulong)(seconds * 10)));
        return [.. Enumerable.Range(0, (int)(seconds * RateHz)).Select(_ => (short)(3000 * random.NextNormal()))];
    }
}
