using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;
using NativeRetrieval.Nn;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Models;

/// <summary>Models that hear windows of one length through HTS-AT, as CLAP does.</summary>
public sealed class HtsAtModelTests : IDisposable
{
    const int RateHz = 48_000, Bins = 64;

    static readonly HtsAtConfig _encoder =
        new() { ImageSize = 128, PatchSize = 8, PatchWidth = 4, Depths = [2, 1], Heads = [2, 2], Window = 4 };

    readonly TemporaryFolder _folder = new();
    readonly TensorScope _scope = TensorScope.Begin();

    [Fact]
    public void A_short_sound_has_the_vector_of_its_repetition_up_to_the_window()
    {
        using var engine = Engine(ShortClipRule.Repeat);
        float[] clip = Sound(RateHz / 2), whole = [.. clip, .. clip, .. clip, .. clip];
        Assert.Equal(Embed(engine, whole), Embed(engine, clip));
        Assert.Equal(Embed(engine, [.. Sound(70_000), .. new float[2 * RateHz - 70_000]]), Embed(engine, Sound(70_000)));
        using var own = Engine(ShortClipRule.OwnLength);
        Assert.NotEqual(Embed(own, whole), Embed(own, clip));
    }

    [Theory]
    [InlineData(ShortClipRule.Repeat, true)]
    [InlineData(ShortClipRule.OwnLength, false)]
    public void The_rule_stands_in_the_files_unless_it_is_the_usual_one(ShortClipRule rule, bool written)
    {
        using var engine = Engine(rule);
        string config = File.ReadAllText(_folder[$"{rule}/config.json"]);
        string front = File.ReadAllText(_folder[$"{rule}/preprocessor_config.json"]);
        Assert.Equal(written, config.Contains("\"short_clips\": \"Repeat\"", StringComparison.Ordinal));
        Assert.Equal(written, config.Contains("short_clips", StringComparison.Ordinal));
        Assert.Equal(written, front.Contains("repeatpad", StringComparison.Ordinal));
        Assert.Equal(Config(rule), engine.Model.Config);
    }

    [Fact]
    public void Windows_of_more_frames_than_the_image_are_refused()
    {
        Assert.Equal("max_seconds is 2.6, which are 261 frames; HTS-AT takes at most 256, 2 whole seconds (in training: audio.max_seconds)",
            Assert.Throws<OptionException>(() => (Config(ShortClipRule.Repeat) with { MaxSeconds = 2.6 }).Validate()).Message);
        (Config(ShortClipRule.Repeat) with { MaxSeconds = 2.55 }).Validate();
        using var engine = Engine(ShortClipRule.Repeat);
        foreach (var use in (Action[])[() => engine.IndexSettings(windowSeconds: 3), () => engine.EmbedFile(Wav(Sound(100_000)), 3, 1)])
            Assert.Contains("a window of 3 s is too long: this model's HTS-AT takes at most 256 frames",
                Assert.Throws<OptionException>(use).Message);
        Assert.Equal(2, engine.IndexSettings().WindowSeconds);
    }

    [Theory]
    [InlineData(DType.Float64, 1e-12)]
    [InlineData(DType.Float32, 1e-5)]
    public void A_vector_depends_neither_on_padding_nor_on_batch_mates(DType dtype, double tolerance)
    {
        using var encoder = AudioEncoder.Create(_encoder, CpuDevice.Shared, random: null, dtype).FillByFormula();
        double[] clip = Clip(1, 101), other = Clip(2, 150);
        double[] both = encoder.Forward(
            Make([.. clip, .. Enumerable.Repeat(1234.5, 49 * Bins), .. other], 2, dtype), [101, 150]).Values();
        Golden.Check(encoder.Forward(Make(clip, 1, dtype), null).Values(), both.AsSpan(0, encoder.Width), tolerance, "short clip");
        Golden.Check(encoder.Forward(Make(other, 1, dtype), null).Values(), both.AsSpan(encoder.Width), tolerance, "long clip");
    }

    [Fact]
    public void Waveforms_give_what_their_spectrograms_give()
    {
        using var encoder = AudioEncoder.Create(_encoder, CpuDevice.Shared, random: null).FillByFormula();
        var settings = Config(ShortClipRule.Repeat).LogMel;
        var waveform = Tensor.From(Sound(90_000), [1, 90_000], CpuDevice.Shared);
        Golden.Check(encoder.Forward(Op.LogMel(waveform, settings), null).Values(),
            encoder.ForwardWaveform(waveform, null, settings).Values(), 1e-5, "vector");
    }

    [Fact]
    public void Stages_hold_every_parameter_in_its_order_and_dropout_is_between_the_parts()
    {
        using var encoder = AudioEncoder.Create(_encoder with { Dropout = 0.5 }, CpuDevice.Shared, new PhiloxSequence(new Philox(1)));
        Assert.Equal(encoder.Parameters().Select(item => item.Tensor),
            encoder.Stages.SelectMany(stage => stage.Parameters()).Select(item => item.Tensor));
        var pass = new TrainingPass(seed: 3, step: 1);
        encoder.Forward(Make(Clip(1, 100), 1, DType.Float32), null, pass);
        var counted = new TrainingPass(seed: 3, step: 1);
        for (int use = 0; use < 1 + 3 * 2; use++) counted.NextStream(0);
        Assert.Equal(counted.NextStream(0), pass.NextStream(0));
    }

    [Fact]
    public void A_stage_that_is_not_trained_gets_no_gradient()
    {
        using var encoder = AudioEncoder.Create(_encoder, CpuDevice.Shared, new PhiloxSequence(new Philox(1)));
        foreach (var stage in encoder.Stages.Take(3)) stage.SetTrainable(false);
        using var tape = Tape.Begin();
        var vector = encoder.Forward(Make(Clip(1, 100), 1, DType.Float32), null, new TrainingPass(seed: 0, step: 0));
        tape.Backward(vector, Op.Full(vector.Shape, 1, CpuDevice.Shared));
        foreach (var (name, parameter) in encoder.Parameters())
            Assert.Equal(name.StartsWith("layers.1.", StringComparison.Ordinal) || name.StartsWith("norm.", StringComparison.Ordinal),
                parameter.Gradient is not null);
    }

    public static TheoryData<HtsAtConfig> Impossible =>
    [
        _encoder with { MelBins = 48 }, _encoder with { PatchSize = 5 }, _encoder with { Window = 5 }, _encoder with { Heads = [2] },
        _encoder with { Heads = [3, 2] }, _encoder with { Depths = [] }, _encoder with { Depths = [0, 1] }, _encoder with { MlpRatio = 0 },
        _encoder with { LayerNormEpsilon = 0 }, _encoder with { Dropout = 1 }, _encoder with { PatchWidth = 0 },
        _encoder with { Depths = [1, 1, 1, 1], Heads = [1, 1, 1, 1] },
    ];

    [Theory, MemberData(nameof(Impossible))]
    public void Impossible_sizes_are_refused(HtsAtConfig config) => Assert.Throws<OptionException>(config.Validate);

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    static RetrievalModelConfig Config(ShortClipRule rule) => new()
    {
        AudioEncoder = _encoder,
        LogMel = new() { SampleRateHz = RateHz, HopSamples = 480 },
        ShortClips = rule,
        TextEncoder = new BertConfig
        {
            VocabularySize = Tokenizer().Vocabulary.Size, Width = 16, Layers = 1, Heads = 2, HiddenWidth = 32, MaxPositions = 32,
        },
        AudioHeadWidth = 16, TextHeadWidth = 16, EmbeddingDimension = 8, MaxTokens = 32, MaxSeconds = 2,
    };

    static TextTokenizer Tokenizer() => new(Vocabulary.FromCaptions(["rain falls"]));

    RetrievalEngine Engine(ShortClipRule rule)
    {
        string folder = Directory.CreateDirectory(_folder[rule.ToString()]).FullName;
        using (var model = new RetrievalModel(Config(rule), Tokenizer(), CpuDevice.Shared, new PhiloxSequence(new Philox(1))))
        {
            model.AudioEncoder.FillByFormula();
            ModelFolder.Save(folder, model, "# test\n");
        }
        return RetrievalEngine.Open(folder, CpuDevice.Shared);
    }

    float[] Embed(RetrievalEngine engine, float[] samples) => engine.EmbedFile(Wav(samples), 2, 1).Single().Vector.ToArray();

    string Wav(float[] samples)
    {
        string path = _folder[$"{samples.Length}.wav"];
        WavFile.Write(path, [.. samples.Select(value => (short)(value * 32_767))], RateHz);
        return path;
    }

    static float[] Sound(int samples)
    {
        var random = new PhiloxSequence(new Philox((ulong)samples));
        return [.. Enumerable.Range(0, samples).Select(_ => (float)(0.1 * random.NextNormal()))];
    }

    static double[] Clip(ulong seed, int frames)
    {
        var random = new PhiloxSequence(new Philox(seed));
        return [.. Enumerable.Range(0, frames * Bins).Select(_ => (double)(float)(20 * random.NextNormal() - 40))];
    }

    static Tensor Make(double[] values, int clips, DType dtype)
    {
        Shape shape = [clips, 1, values.Length / clips / Bins, Bins];
        return dtype == DType.Float64
            ? Tensor.From(values, shape, CpuDevice.Shared)
            : Tensor.From(Array.ConvertAll(values, value => (float)value), shape, CpuDevice.Shared);
    }
}
