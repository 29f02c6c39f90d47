using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Logging;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Runs;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Runs;

/// <summary>The sources of a run and the record of them in its folder: data sets, hold-out, starting weights, run.json.</summary>
public sealed class RunRecordTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly DemoCollection _demo;
    readonly Dataset _train, _test;

    public RunRecordTests()
    {
        _demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 16, testClips: 4);
        (_train, _test) = (CaptionCsv.Read(_demo.TrainCsv, _demo.AudioFolder), CaptionCsv.Read(_demo.TestCsv, _demo.AudioFolder));
    }

    [Fact]
    public void Held_out_clips_are_listed_not_trained_on_and_the_same_at_every_resume()
    {
        string run = _folder["run"];
        string[] settings = ["data.hold_out_clips=5"];
        Run(Request(run, settings));
        var held = CaptionCsv.Read(Path.Combine(run, "holdout.csv"), _demo.AudioFolder);
        Assert.Equal(5, held.Clips.Count);
        var split = DataSplit.Of(_train, null, Settings(settings));
        Assert.Equal(held.Clips.Select(clip => clip.AudioPath), split.Validation!.Clips.Select(clip => clip.AudioPath));
        Assert.Equal(held.Clips.Select(clip => clip.Captions), split.Validation.Clips.Select(clip => clip.Captions));
        Assert.Equal(_train.Clips.Select(clip => clip.FileName).Order(), split.Training.Clips.Concat(split.Validation.Clips)
            .Select(clip => clip.FileName).Order());
        Assert.Contains(MetricsLog.Read(Path.Combine(run, "metrics.jsonl")), line => line["validation/r1"] is not null);
        Assert.NotEqual(split.Validation.Fingerprint(), HeldOut("data.hold_out_seed=1"));
        // The members of an ensemble differ by their seeds and leave out the same clips.
        Assert.Equal(split.Validation.Fingerprint(), HeldOut("seed=1"));
        Assert.Equal(HeldOut("data.hold_out_seed=1"), HeldOut("seed=1", "data.hold_out_seed=-1"));

        string HeldOut(params string[] more) => DataSplit.Of(_train, null, Settings([.. settings, .. more])).Validation!.Fingerprint();

        Run(Request(run, settings) with { Resume = true });
        Assert.Contains("--validation both choose", Refused(Request(_folder["both"], settings) with { Validation = _test }));
        Assert.Contains("leaves nothing of 12 clips", Refused(Request(_folder["none"], "data.hold_out_clips=12")));
    }

    [Fact]
    public void Equal_names_in_two_folders_are_two_clips_and_a_hold_out_keeps_them_apart()
    {
        var other = DemoCollection.Create(_folder["other"], seed: 9, clips: 16, testClips: 4);
        string narrow = _folder["one-caption.csv"];
        CaptionCsv.Write(narrow, CaptionCsv.Read(other.TrainCsv, other.AudioFolder)
            .Clips.Select(clip => clip with { Captions = [clip.Captions[0]] }));
        var joined = Dataset.Join([_train, CaptionCsv.Read(narrow, other.AudioFolder)]);
        Assert.Equal(24, joined.Clips.Count);
        Assert.Equal(24, joined.Clips.Select(clip => clip.AudioPath).Distinct().Count());
        Assert.True(joined.Clips.Select(clip => clip.FileName).Distinct().Count() < 24);
        Assert.NotEqual(joined.Fingerprint(), _train.Fingerprint());

        string run = _folder["run"];
        Run(Request(run, "data.hold_out_clips=10") with { Training = joined });
        string audio = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "run.json"))).RootElement.GetProperty("holdout_audio")
            .GetString()!;
        var held = CaptionCsv.Read(Path.Combine(run, "holdout.csv"), audio);
        var expected = DataSplit.Of(joined, null, Settings("data.hold_out_clips=10")).Validation!;
        Assert.Equal(expected.Clips.Select(clip => (clip.AudioPath, clip.Captions.Count)),
            held.Clips.Select(clip => (clip.AudioPath, clip.Captions.Count)));
        Assert.Equal(2, held.Clips.Select(clip => clip.Captions.Count).Distinct().Count());

        var twice = Assert.Throws<CaptionFileException>(() => Dataset.Join([_train, _train]));
        Assert.Contains($"is in {_demo.TrainCsv} line 2, too", twice.Message);
    }

    [Fact]
    public void A_run_keeps_its_precision_and_needs_a_device_that_computes_in_it()
    {
        string run = _folder["run"], other = _folder["other"];
        Run(Request(run));
        Assert.Equal("fp32", JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "run.json"))).RootElement.GetProperty("settings")
            .GetProperty("training.precision").GetString());
        Assert.Equal(Precision.Float32, RunFolder.FindSettings(run)!.Training.Precision);
        Assert.Null(RunFolder.FindSettings(other));
        Assert.Contains("training.precision is fp32 in the run and bf16 in the command",
            Refused(Request(run, "training.precision=bf16") with { Resume = true, Insisted = ["training.precision"] }));

        Assert.Contains("training.precision = bf16, and cpu computes in fp32; the CPU computes in fp32 alone",
            Refused(Request(other, "training.precision=bf16")));
        Assert.False(Directory.Exists(other));
        var half = Request(other, "training.precision=tf32");
        Assert.Contains("training.precision = tf32", Assert.Throws<OptionException>(() =>
            TrainingSession.Estimate(half, null, TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public void The_description_says_how_the_run_was_made_and_every_start_of_it()
    {
        string run = _folder["run"];
        Run(Request(run) with { Validation = _test, Command = ["nativeretrieval", "train", "a b.csv"] });
        Run(Request(run) with { Validation = _test, Resume = true });
        var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "run.json"))).RootElement;
        Assert.Equal(_train.Fingerprint(), json.GetProperty("data_sha256").GetString());
        Assert.Equal(_test.Fingerprint(), json.GetProperty("validation_sha256").GetString());
        Assert.Matches("^[0-9a-f]{64}$", json.GetProperty("initial_model_sha256").GetString());
        var starts = json.GetProperty("starts").EnumerateArray().ToArray();
        Assert.Equal([0L, 6L], starts.Select(start => start.GetProperty("step").GetInt64()));
        Assert.Equal(["nativeretrieval", "train", "a b.csv"], starts[0].GetProperty("command").EnumerateArray()
            .Select(word => word.GetString()));
        Assert.Matches(@"^\d+\.\d+\.\d+", starts[0].GetProperty("version").GetString());
        if (starts[0].TryGetProperty("commit", out var commit)) Assert.Matches("^[0-9a-f]{40}$", commit.GetString());
        var machine = starts[0].GetProperty("machine");
        Assert.True(machine.GetProperty("cores").GetInt32() > 0 && machine.GetProperty("memory_bytes").GetInt64() > 0
            && machine.GetProperty("device").GetString()!.Length > 0);
        Assert.Contains("hashes to", Refused(Request(run) with { Validation = _train, Resume = true }));
        Assert.Contains("not without validation data", Refused(Request(run) with { Resume = true }));
    }

    /// <summary>
    /// Pre-training on clips of one caption, as AudioCaps has them, then fine-tuning on longer ones of several, as Clotho has.
    /// </summary>
    [Fact]
    public void Two_stages_keep_the_models_sizes_and_refuse_others_that_are_insisted_on()
    {
        var single = _train with { Clips = [.. _train.Clips.Select(clip => clip with { Captions = [clip.Captions[0]] })] };
        string first = _folder["first"], second = _folder["second"];
        Run(Request(first, "audio.max_seconds=1", "model.cnn14_widths=[8,8,8,16,16,16]", "model.embedding_dimension=48",
            "text.hidden_width=32") with { Training = single });
        Run(Request(second, "audio.max_seconds=2", "text.dropout=0.3") with { InitialModel = first });
        using var model = ModelFolder.Load(second, CpuDevice.Shared);
        Assert.Equal((48, 32, 2.0, 0.3),
            (model.Config.EmbeddingDimension, model.Config.TextEncoder.Width, model.Config.MaxSeconds, model.Config.TextEncoder.Dropout));
        var resolved = SettingsLoader.ReadRun(Path.Combine(second, "settings.yaml"));
        Assert.Equal([8, 8, 8, 16, 16, 16], resolved.Model.AudioChannels);
        Assert.Equal((48, 32, 2.0), (resolved.Model.EmbeddingDimension, resolved.Text.HiddenWidth, resolved.Audio.MaxSeconds));
        var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(second, "run.json"))).RootElement;
        Assert.Equal(ModelFolder.Fingerprint(first), json.GetProperty("init_from_sha256").GetString());

        var request = Request(_folder["third"], "model.embedding_dimension=64") with
        {
            InitialModel = first,
            Insisted = ["model.embedding_dimension"],
        };
        Assert.Contains($"model.embedding_dimension = 64 contradicts the weights in {first}, which have 48", Refused(request));
        Run(request with { Settings = Settings("model.embedding_dimension=48") });
    }

    /// <summary>Fine-tuning goes on at the temperature that the weights were trained at, unless another is asked for.</summary>
    [Fact]
    public void A_learned_temperature_is_where_the_loss_begins()
    {
        string first = _folder["first"], scaled = _folder["scaled"];
        Run(Request(first));
        Directory.CreateDirectory(scaled);
        var scale = new LogitScale { AudioLogarithm = 3, TextLogarithm = 4 };
        using (var model = ModelFolder.Load(first, CpuDevice.Shared, config => config with { LogitScale = scale }))
            ModelFolder.Save(scaled, model, "");
        Assert.Equal(Math.Exp(-3.5), Temperature("second", Request(_folder["second"]) with { InitialModel = scaled }));
        Assert.Equal(scale, ModelFolder.ReadConfig(_folder["second"]).LogitScale);
        Assert.Equal(0.2, Temperature("third", Request(_folder["third"], "loss.temperature=0.2") with
        {
            InitialModel = scaled,
            Insisted = ["loss.temperature"],
        }));
        Assert.Equal(0.07, Temperature("fourth", Request(_folder["fourth"]) with { InitialModel = first }));

        double Temperature(string folder, TrainingRequest request)
        {
            Run(request);
            return SettingsLoader.ReadRun(Path.Combine(_folder[folder], "settings.yaml")).Loss.Temperature;
        }
    }

    public void Dispose() => _folder.Dispose();

    static void Run(TrainingRequest request) => TrainingSession.Run(request, null, null, TestContext.Current.CancellationToken);

    static string Refused(TrainingRequest request) => Assert.Throws<OptionException>(() => Run(request)).Message;

    static TrainingSettings Settings(params string[] overrides) =>
        SettingsLoader.Load("tiny",
            ["training.epochs=2", "training.batch_size=4", "audio.max_seconds=1", "training.warmup_steps=0", .. overrides]);

    TrainingRequest Request(string run, params string[] overrides) => new()
    {
        Training = _train,
        RunFolder = run,
        Settings = Settings(overrides),
        FeatureCache = _folder["cache"],
        Device = CpuDevice.Shared,
        Time = TimeProvider.System,
    };
}
