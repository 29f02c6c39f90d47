using NativeRetrieval.Audio.Features;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Demo;
using NativeRetrieval.Encoders;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Models;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Logging;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>Whole runs on a handful of synthetic clips.</summary>
public sealed class TrainingSessionTests : IDisposable
{
    const int Epochs = 3, BatchesPerEpoch = 3;

    readonly TemporaryFolder _folder = new();
    readonly Dataset _train, _test;

    public TrainingSessionTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 16, testClips: 4);
        (_train, _test) = (CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder), CaptionCsv.Read(demo.TestCsv, demo.AudioFolder));
    }

    [Fact]
    public void A_run_leaves_a_model_metrics_events_and_curves()
    {
        var summaries = new List<EpochSummary>();
        string run = _folder["run"];
        var outcome = TrainingSession.Run(Request(run) with { Validation = _test }, null, summaries.Add,
            TestContext.Current.CancellationToken);
        Assert.Equal(Epochs, summaries.Count);
        Assert.Empty(outcome.Skipped);
        Assert.All(summaries, epoch => Assert.NotNull(epoch.Validation));
        var log = MetricsLog.Read(Path.Combine(run, "metrics.jsonl"));
        Assert.Equal(Epochs * BatchesPerEpoch, log.Count(line => line["loss"] is not null));
        Assert.Equal(Epochs, log.Count(line => line["validation/r10"] is not null));
        Assert.Equal(Epochs * BatchesPerEpoch, log.Count(line => line["input_wait"] is 0));
        Assert.True(File.Exists(Path.Combine(run, "curves.svg")) && File.Exists(Path.Combine(run, "events.out.tfevents.run")));

        using var model = ModelFolder.Load(run, CpuDevice.Shared);
        double best = summaries.Max(epoch => epoch.Validation!.RecallSum);
        Assert.Equal(best, summaries.Last(epoch => epoch.IsBest).Validation!.RecallSum);
    }

    [Theory]
    [InlineData]
    [InlineData("training.batch_size=4", "training.chunk_size=3", "augmentation.random_crop=true", "augmentation.gain_db=6")]
    [InlineData("training.chunk_size=2", "training.freeze_batch_norm=true", "audio.padding=paper")]
    [InlineData("training.average_decay=0.9", "data.hold_out_clips=3", "training.freeze_text_encoder=true",
        "training.unfreeze_text_epoch=1", "training.checkpoint_every_steps=2")]
    [InlineData("training.batch_size=11", "training.drop_last_batch=false", "training.chunk_size=6", "training.epochs=4")]
    [InlineData("training.freeze_audio_stages=3", "training.unfreeze_audio_epoch=2", "training.freeze_text_stages=2",
        "training.optimizer=adamw", "training.weight_decay=0.01")]
    public void A_run_that_was_killed_goes_on_with_the_same_losses_to_the_last_bit(params string[] overrides)
    {
        string whole = _folder["whole"], broken = _folder["broken"];
        TrainingSession.Run(Request(whole, overrides), null, null, TestContext.Current.CancellationToken);

        // Two crashes without any clean-up, each after steps that no checkpoint holds.
        foreach (int fatal in (int[])[2, 5])
            Assert.Throws<InvalidOperationException>(() =>
                TrainingSession.Run(Request(broken, overrides) with { Resume = Directory.Exists(broken) }, AfterBatches.Die(fatal), null,
                    TestContext.Current.CancellationToken));
        TrainingSession.Run(Request(broken, overrides) with { Resume = true }, null, null, TestContext.Current.CancellationToken);

        Assert.Equal(File.ReadAllText(Path.Combine(whole, "metrics.jsonl")), File.ReadAllText(Path.Combine(broken, "metrics.jsonl")));
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(broken, "model.safetensors")));
    }

    [Fact]
    public void An_interrupted_run_saves_its_last_step_and_goes_on_from_there()
    {
        string whole = _folder["whole"], stopped = _folder["stopped"];
        TrainingSession.Run(Request(whole), null, null, TestContext.Current.CancellationToken);
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            TrainingSession.Run(Request(stopped), new AfterBatches(4, cancellation.Cancel), null, cancellation.Token));
        int steps = 0;
        TrainingSession.Run(Request(stopped) with { Resume = true }, new Counter(() => steps++), null,
            TestContext.Current.CancellationToken);
        Assert.Equal(Epochs * BatchesPerEpoch - 4, steps);
        Assert.Equal(File.ReadAllText(Path.Combine(whole, "metrics.jsonl")), File.ReadAllText(Path.Combine(stopped, "metrics.jsonl")));
    }

    /// <summary>Adam divides rounding by rounding where a gradient is 0 in mathematics: the losses say whether the steps agree.</summary>
    [Fact]
    public void Steps_in_chunks_have_the_losses_of_steps_on_the_whole_batch()
    {
        string[] common = ["training.batch_size=6", "training.freeze_batch_norm=true", "model.audio_dropout=0", "text.dropout=0",
            "augmentation.time_stripes=0", "augmentation.mel_stripes=0"];
        var (whole, chunked) = (Losses(common), Losses([.. common, "training.chunk_size=4"]));
        Assert.Equal(whole.Count, chunked.Count);
        Assert.All(whole.Zip(chunked), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * pair.First));

        List<double> Losses(string[] overrides)
        {
            string run = _folder[$"run{overrides.Length}"];
            TrainingSession.Run(Request(run, overrides), null, null, TestContext.Current.CancellationToken);
            return [.. MetricsLog.Read(Path.Combine(run, "metrics.jsonl")).Select(line => line["loss"]!.Value)];
        }
    }

    /// <summary>Each step's line, the share of it that was waited for left out.</summary>
    static IEnumerable<(int, long, string)> WithoutWaits(string run) => MetricsLog.Read(Path.Combine(run, "metrics.jsonl"))
        .Select(line => (line.Epoch, line.Step, string.Join(' ', line.Values.Where(value => value.Key != "input_wait"))));

    [Fact]
    public void A_frozen_text_encoder_keeps_its_weights_and_the_rest_learns()
    {
        string text = PretrainedText(), run = _folder["run"];
        TrainingSession.Run(Request(run, "training.freeze_text_encoder=true", "training.epochs=10",
            "training.warmup_steps=0") with { TextModel = text }, null, null, TestContext.Current.CancellationToken);
        using var model = ModelFolder.Load(run, CpuDevice.Shared);
        using var before = BertFolder.ReadEncoder(text, CpuDevice.Shared, out _);
        foreach (var ((name, expected), (_, actual)) in before.Parameters().Zip(model.TextEncoder.Parameters()))
            Assert.True(expected.ToArray<float>().AsSpan().SequenceEqual(actual.ToArray<float>()), name);
        var epochs = MetricsLog.Read(Path.Combine(run, "metrics.jsonl")).GroupBy(line => line.Epoch)
            .Select(lines => lines.Average(line => line["loss"]!.Value)).ToArray();
        Assert.True(epochs[^1] < epochs[0], $"the epochs' mean loss went from {epochs[0]} to {epochs[^1]}");
    }

    [Theory]
    [InlineData("training.chunk_size=0")]
    [InlineData("training.chunk_size=2")]
    public void An_estimate_before_the_first_epoch_changes_nothing_of_the_run(string setting)
    {
        string plain = _folder["plain"], estimated = _folder["estimated"];
        TrainingSession.Run(Request(plain, setting) with { Validation = _test }, null, null, TestContext.Current.CancellationToken);
        RunEstimate? first = null, second = null;
        var request = Request(estimated, setting) with
        {
            Validation = _test, Estimated = estimate => first = estimate, Time = TimeProvider.System,
        };
        Assert.Throws<InvalidOperationException>(() =>
            TrainingSession.Run(request, AfterBatches.Die(BatchesPerEpoch + 2), null, TestContext.Current.CancellationToken));
        TrainingSession.Run(request with { Resume = true, Estimated = estimate => second = estimate }, null, null,
            TestContext.Current.CancellationToken);
        Assert.Equal(WithoutWaits(plain), WithoutWaits(estimated));
        Assert.Equal(File.ReadAllBytes(Path.Combine(plain, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(estimated, "model.safetensors")));

        Assert.Equal((BatchesPerEpoch, Epochs, BatchesPerEpoch), (first!.StepsPerEpoch, first.EpochsLeft, second!.StepsPerEpoch));
        Assert.True(first.Fits && first.ClipsPerSecond > 0 && first.PeakMemoryBytes > 1 << 20 && first.Validation > TimeSpan.Zero);
        Assert.True(first.Total >= first.Epoch * Epochs && first.Epoch >= first.Step);
    }

    [Fact]
    public void An_estimate_alone_leaves_no_run_behind()
    {
        var estimate = TrainingSession.Estimate(Request(_folder["run"]), null, TestContext.Current.CancellationToken);
        Assert.Equal((BatchesPerEpoch, Epochs), (estimate.StepsPerEpoch, estimate.EpochsLeft));
        Assert.False(Directory.Exists(_folder["run"]));
    }

    [Fact]
    public void A_run_keeps_what_was_wrong_with_its_data()
    {
        DataCheck? check = null;
        var twice = _train with { Clips = [.. _train.Clips, _train.Clips[0] with { FileName = "twice.wav" }] };
        TrainingSession.Run(Request(_folder["run"], "training.epochs=1") with { Training = twice, Checked = found => check = found }, null,
            null, TestContext.Current.CancellationToken);
        Assert.Contains(check!.Findings, finding => finding.Problem == DataProblem.DuplicateContent);
        string json = File.ReadAllText(Path.Combine(_folder["run"], "data-check.json"));
        Assert.Equal(check.ToJson().ToJsonString(), System.Text.Json.Nodes.JsonNode.Parse(json)!.ToJsonString());
    }

    /// <summary>PANNs' models for 16 kHz: their front end reaches features, model, fine-tuning and engine.</summary>
    [Fact]
    public void A_pre_trained_audio_encoder_brings_its_front_end()
    {
        string run = _folder["run"], tuned = _folder["tuned"];
        var logMel = new LogMelSettings { SampleRateHz = 16000, WindowSamples = 512, HopSamples = 160, MaxHz = 8000 };
        string audio = Directory.CreateDirectory(_folder["audio"]).FullName;
        using (var encoder = AudioEncoder.Create(new Cnn14Config { Channels = [4, 4, 4, 4, 8, 8], PoolBlock6 = false }, CpuDevice.Shared,
            new PhiloxSequence(new Philox(7))))
            AudioEncoderFolder.Write(audio, encoder, new AudioEncoderPackage { LogMel = logMel }, "# A test\n");

        var request = Request(run, "training.freeze_audio_encoder=true") with { AudioModel = audio };
        TrainingSession.Run(request, null, null, TestContext.Current.CancellationToken);
        TrainingSession.Run(Request(tuned) with { InitialModel = run }, null, null, TestContext.Current.CancellationToken);
        TrainingSession.Run(Request(tuned) with { Resume = true }, null, null, TestContext.Current.CancellationToken);

        using var engine = RetrievalEngine.Open(run, CpuDevice.Shared);
        Assert.Equal(logMel, engine.Model.Config.LogMel);
        Assert.Equal(logMel, ModelFolder.ReadConfig(tuned).LogMel);
        var config = Assert.IsType<Cnn14Config>(engine.Model.Config.AudioEncoder);
        Assert.True(config.PoolBlock6); // the run's setting, not the folder's
        Assert.Equal([4, 4, 4, 4, 8, 8], config.Channels);
        using (var before = AudioEncoderFolder.ReadEncoder(audio, CpuDevice.Shared))
            foreach (var ((name, expected), (_, actual)) in before.Parameters().Zip(engine.Model.AudioEncoder.Parameters()))
                Assert.True(expected.ToArray<float>().AsSpan().SequenceEqual(actual.ToArray<float>()), name);

        // The engine hears what training heard: one vector, whether through the cache of features or the windows of the index.
        string path = _train.Clips[0].AudioPath;
        var features = new FeatureCache(_folder["cache"], ModelFeatures.Of(engine.Model.Config));
        var clip = features.Get(path);
        Assert.Equal(16000, clip.Samples);
        Assert.Equal(101, clip.Frames);
        float[] expectedVector = Embedder.Clips(engine.Model, 1, _ => clip.Frames, _ => clip, null, TestContext.Current.CancellationToken);
        Assert.Equal(expectedVector, engine.EmbedFile(path, 1, 1, TestContext.Current.CancellationToken)[0].Vector.ToArray());
    }

    [Fact]
    public void An_absent_audio_encoder_is_refused_before_a_run_begins()
    {
        Assert.Throws<FileReadException>(() =>
            TrainingSession.Run(Request(_folder["run"]) with { AudioModel = _folder["nothing"] }, null, null,
                TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(_folder["run"]));
    }

    [Fact]
    public void Fine_tuning_starts_from_the_given_model()
    {
        string first = _folder["first"], second = _folder["second"];
        TrainingSession.Run(Request(first), null, null, TestContext.Current.CancellationToken);
        TrainingSession.Run(Request(second, "training.lr=1e-12") with { InitialModel = first }, null, null,
            TestContext.Current.CancellationToken);
        using var before = ModelFolder.Load(first, CpuDevice.Shared);
        using var after = ModelFolder.Load(second, CpuDevice.Shared);
        var (weights, tuned) = (before.HeadParameters().First().Tensor.ToArray<float>(), after.HeadParameters().First()
            .Tensor.ToArray<float>());
        for (int i = 0; i < weights.Length; i++) Assert.Equal(weights[i], tuned[i], 1e-6f);
    }

    [Fact]
    public void Clips_that_cannot_be_decoded_are_skipped_and_named()
    {
        string bad = Path.Combine(Path.GetDirectoryName(_train.Clips[0].AudioPath)!, "bad.wav");
        File.WriteAllText(bad, "this is text");
        var data = _train with { Clips = [.. _train.Clips, new Clip("bad.wav", bad, ["a broken file"], 99)] };
        var outcome = TrainingSession.Run(Request(_folder["run"]) with { Training = data }, null, null,
            TestContext.Current.CancellationToken);
        Assert.Contains(bad, Assert.Single(outcome.Skipped));
    }

    [Fact]
    public void Two_sources_of_weights_are_refused()
    {
        var error = Assert.Throws<OptionException>(() =>
            TrainingSession.Run(Request(_folder["run"]) with { TextModel = "a", InitialModel = "b" }, null, null,
                TestContext.Current.CancellationToken));
        Assert.Contains("--init-from, or --text-model", error.Message);
    }

    public void Dispose() => _folder.Dispose();

    TrainingRequest Request(string run, params string[] overrides) => new()
    {
        Training = _train,
        RunFolder = run,
        Settings = SettingsLoader.Load("tiny",
            [$"training.epochs={Epochs}", "training.batch_size=4", "audio.max_seconds=1", "augmentation.circular_shift=true",
            .. overrides]),
        FeatureCache = _folder["cache"],
        Device = CpuDevice.Shared,
        Time = new SteppedTime(), // of a clock that stands still no share of a step is waited for
    };

    /// <summary>A small BERT in a folder of Hugging Face's shape.</summary>
    string PretrainedText()
    {
        string folder = _folder["bert"];
        Directory.CreateDirectory(folder);
        var vocabulary = Vocabulary.FromCaptions(_train.Clips.SelectMany(clip => clip.Captions));
        var config = new BertConfig
        {
            VocabularySize = vocabulary.Size,
            Width = 16,
            Layers = 1,
            Heads = 2,
            HiddenWidth = 32,
            MaxPositions = 64,
        };
        using var encoder = new BertEncoder(config, CpuDevice.Shared, new PhiloxSequence(new Philox(5)));
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJson().ToJsonString());
        File.WriteAllText(Path.Combine(folder, "vocab.txt"), vocabulary.ToVocabularyFile());
        StateFile.Write(Path.Combine(folder, "model.safetensors"), encoder);
        return folder;
    }

    /// <summary>Hears of each batch.</summary>
    sealed class Counter(Action trained) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Phase == TrainingPhase.Training) trained();
        }
    }
}
