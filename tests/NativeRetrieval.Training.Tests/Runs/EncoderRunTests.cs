using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Demo;
using NativeRetrieval.Encoders;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Runs;

/// <summary>Runs with every encoder of the list: from scratch, resumed, and from weights.</summary>
public sealed class EncoderRunTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly Dataset _train;

    public EncoderRunTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 8, testClips: 4);
        _train = CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder);
    }

    public static TheoryData<string> Keys => [.. AudioArchitecture.All.Select(architecture => architecture.Key)];

    /// <summary>Encoders that settings can make small.</summary>
    public static TheoryData<string> KeysWithChannels =>
        [.. AudioArchitecture.All.Where(architecture => architecture.Channels.Count > 0).Select(architecture => architecture.Key)];

    [Theory, MemberData(nameof(KeysWithChannels))]
    public void A_run_of_two_steps_can_be_killed_after_one_and_resumed(string key)
    {
        var architecture = Find(key);
        string whole = _folder["whole"], resumed = _folder["resumed"];
        Run(Request(whole, architecture, "training.epochs=2"));
        var request = Request(resumed, architecture, "training.epochs=2");
        Assert.Throws<InvalidOperationException>(() =>
            TrainingSession.Run(request, null, _ => throw new InvalidOperationException("killed"), TestContext.Current.CancellationToken));
        Run(request with { Resume = true });
        using var model = ModelFolder.Load(whole, CpuDevice.Shared);
        Assert.Equal(Config(architecture) with { Dropout = 0.1 }, model.Config.AudioEncoder);
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(resumed, "model.safetensors")));
    }

    [Theory, MemberData(nameof(Keys))]
    public void A_run_starts_from_a_pre_trained_encoder_and_another_from_its_model(string key)
    {
        var architecture = Find(key);
        string audio = Directory.CreateDirectory(_folder["audio"]).FullName, first = _folder["first"], second = _folder["second"];
        using (var encoder = AudioEncoder.Create(Config(architecture), CpuDevice.Shared, new PhiloxSequence(new Philox(7))))
            AudioEncoderFolder.Write(audio, encoder, new AudioEncoderPackage(), "# A test\n");

        // Neither request names the encoder: the weights say what it is.
        Run(Request(first, null, "training.freeze_audio_encoder=true") with { AudioModel = audio });
        Run(Request(second, null) with { InitialModel = first });
        using (var expected = AudioEncoderFolder.ReadEncoder(audio, CpuDevice.Shared))
        using (var model = ModelFolder.Load(first, CpuDevice.Shared))
            foreach (var ((name, before), (_, after)) in expected.Parameters().Zip(model.AudioEncoder.Parameters()))
                Assert.True(before.ToArray<float>().AsSpan().SequenceEqual(after.ToArray<float>()), name);
        foreach (string run in (string[])[first, second])
        {
            var settings = SettingsLoader.ReadRun(Path.Combine(run, "settings.yaml")).Model;
            Assert.Same(architecture, settings.AudioEncoder);
            Assert.Equal(Channels(architecture), settings.AudioChannels);
            Assert.Equal(Config(architecture) with { Dropout = 0.1 }, ModelFolder.ReadConfig(run).AudioEncoder);
        }
    }

    [Theory, MemberData(nameof(KeysWithChannels))]
    public void Another_encoder_or_other_channels_than_the_weights_have_are_refused_where_they_were_asked_for(string key)
    {
        var architecture = Find(key);
        var other = AudioArchitecture.All.First(entry => entry != architecture);
        string audio = Directory.CreateDirectory(_folder["audio"]).FullName, channels = Text(Channels(architecture)!);
        AudioEncoderFolder.Write(audio, new AudioEncoderPackage { AudioEncoder = Config(architecture) }, weights: [], "# A test\n");

        var asked = Request(_folder["run"], null, $"model.audio_encoder={other.Key}")
            with { AudioModel = audio, Insisted = ["model.audio_encoder"] };
        Assert.Contains($"model.audio_encoder = {other.Key} contradicts the weights in {audio}, which have {key}", Refused(asked));
        foreach (string setting in (string[])["model.audio_channels", $"model.{key}_widths"])
        {
            string[] overrides = [$"model.audio_encoder={key}", $"{setting}={Text(architecture.Channels)}"];
            asked = Request(_folder["run"], null, overrides) with { AudioModel = audio, Insisted = [setting] };
            Assert.Contains(
                $"model.audio_channels = {Text(architecture.Channels)} contradicts the weights in {audio}, which have {channels}",
                Refused(asked));
        }
        Assert.False(Directory.Exists(_folder["run"]));

        static string Text(IReadOnlyList<int> list) => $"[{string.Join(", ", list)}]";
    }

    public void Dispose() => _folder.Dispose();

    static AudioArchitecture Find(string key) => AudioArchitecture.All.Single(architecture => architecture.Key == key);

    static AudioEncoderConfig Config(AudioArchitecture architecture) =>
        architecture.Published is ConvolutionalEncoderConfig convolutional
            ? convolutional with { Channels = [.. architecture.Channels.Select((_, block) => 3 + block % 2)] }
            : new HtsAtConfig { ImageSize = 128, PatchSize = 8, PatchWidth = 4, Depths = [2, 1], Heads = [2, 2], Window = 4 };

    static IReadOnlyList<int>? Channels(AudioArchitecture architecture) => (Config(architecture) as ConvolutionalEncoderConfig)?.Channels;

    static void Run(TrainingRequest request) => TrainingSession.Run(request, null, null, TestContext.Current.CancellationToken);

    static string Refused(TrainingRequest request) => Assert.Throws<OptionException>(() => Run(request)).Message;

    TrainingRequest Request(string run, AudioArchitecture? encoder, params string[] overrides) => new()
    {
        Training = _train,
        RunFolder = run,
        Settings = SettingsLoader.Load("tiny",
        [
            "training.epochs=1", "training.batch_size=4", "training.warmup_steps=0", "audio.max_seconds=1",
            "text.hidden_width=8", "text.feed_forward_width=8",
            .. encoder is null
                ? (string[])[]
                : [$"model.audio_encoder={encoder.Key}", $"model.audio_channels=[{string.Join(',', Channels(encoder)!)}]"],
            .. overrides,
        ]),
        FeatureCache = _folder["cache"],
        Device = CpuDevice.Shared,
        Time = TimeProvider.System,
    };
}
