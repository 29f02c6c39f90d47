using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Features;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Features;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Runs;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>Settings of the recipe that change a whole run: freezing, early stopping, averaging, rates.</summary>
public sealed class RecipeTests : IDisposable
{
    const int Epochs = 3, Steps = 3;

    readonly TemporaryFolder _folder = new();
    readonly Dataset _train, _test;

    public RecipeTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 16, testClips: 4);
        (_train, _test) = (CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder), CaptionCsv.Read(demo.TestCsv, demo.AudioFolder));
    }

    [Fact]
    public void Frozen_stages_stay_as_they_were_and_the_others_learn()
    {
        var before = Weights(Run("start", "training.lr=1e-12"));
        var after = Weights(Run("run", "training.freeze_audio_stages=3", "training.freeze_text_stages=2"));
        foreach (var (name, values) in after)
        {
            bool frozen = name.StartsWith("audio_enc.bn0.", StringComparison.Ordinal)
                || name.StartsWith("audio_enc.conv_block1.", StringComparison.Ordinal)
                || name.StartsWith("audio_enc.conv_block2.", StringComparison.Ordinal)
                || name.StartsWith("text_enc.embeddings.", StringComparison.Ordinal)
                || name.StartsWith("text_enc.encoder.layer.0.", StringComparison.Ordinal);
            if (name.EndsWith("self.key.bias", StringComparison.Ordinal)) continue; // its gradient is rounding
            double moved = values.Zip(before[name]).Max(pair => Math.Abs(pair.First - (double)pair.Second));
            if (name.Contains(".running_", StringComparison.Ordinal))
                Assert.Equal(frozen, values.Max() is 0 or 1 && values.Distinct().Count() == 1);
            else Assert.True(frozen ? moved < 1e-9 : moved > 1e-5, $"{name} moved by {moved}");
        }
    }

    /// <summary>
    /// Nothing below the first trained stage is recorded: a batch of a model whose first stages are frozen
    /// keeps less memory, and its gradients are null.
    /// </summary>
    [Fact]
    public void Frozen_stages_have_no_gradient()
    {
        var settings = Settings("training.freeze_audio_stages=5");
        using var model = ModelFactory.Create(settings, _train, null, CpuDevice.Shared);
        var parts = new TrainedParts(model, settings.Training);
        var features = FeatureStore.Prepare(new(_folder["cache"], RunFeatures.OfTraining(settings)), _train, [], null,
            TestContext.Current.CancellationToken);
        using var loss = new BatchLoss(model, features, settings, new RunRandom(0));
        parts.Begin(0);
        loss.AddGradient([new(0, 0), new(1, 0)], 0, null, TestContext.Current.CancellationToken);
        string[] trained = ["conv_block5", "conv_block6"];
        foreach (var (name, parameter) in model.AudioEncoder.Parameters())
            Assert.Equal(trained.Any(stage => name.StartsWith(stage, StringComparison.Ordinal)), parameter.Gradient is not null);
    }

    /// <summary>
    /// The first step after unfreezing has the length of Adam's first step: every weight with a gradient moves by the rate.
    /// </summary>
    [Theory]
    [InlineData("audio", "audio_enc.conv_block1.conv1.weight")]
    [InlineData("text", "text_enc.encoder.layer.0.output.dense.weight")]
    public void What_is_unfrozen_stays_until_its_epoch_and_then_begins_with_adams_first_step(string side, string name)
    {
        const double rate = 1e-3;
        string[] settings = [$"training.freeze_{side}_encoder=true", $"training.unfreeze_{side}_epoch=1", $"training.lr={rate}",
            "training.schedule=step", "training.warmup_steps=0", "training.gradient_clip=0"];
        var begun = Weights(Run("start", "training.lr=1e-12"))[name];
        var steps = new Dictionary<int, float[]>();
        foreach (int count in (int[])[Steps, Steps + 1])
        {
            using var stop = new CancellationTokenSource();
            string run = _folder[$"run{count}"];
            // The run's checkpoint holds what was trained so far.
            Assert.Throws<OperationCanceledException>(() =>
                TrainingSession.Run(Request(run, settings), new AfterBatches(count, stop.Cancel), null, stop.Token));
            using var folder = Training.Runs.RunFolder.Resume(run);
            using var checkpoint = folder.LoadCheckpoint()!;
            Assert.Equal(count, checkpoint.State.Step);
            steps[count] = checkpoint.Tensors.ReadFloat32("model." + name);
        }
        Assert.Equal(0, begun.Zip(steps[Steps]).Max(pair => Math.Abs(pair.First - (double)pair.Second)), 1e-9);
        double[] moved = [.. steps[Steps].Zip(steps[Steps + 1]).Select(pair => Math.Abs(pair.First - (double)pair.Second)).Order()];
        Assert.Equal(rate, moved[moved.Length / 2], rate * 0.02);
        Assert.InRange(moved[^1], 0, rate * 1.001);
    }

    [Fact]
    public void More_stages_than_there_are_is_refused_and_leaves_no_run_behind()
    {
        var error = Assert.Throws<OptionException>(() => Run("run", "training.freeze_audio_stages=7"));
        Assert.Contains("training.freeze_audio_stages = 7, but this model's audio encoder has 7", error.Message);
        Run("run", "training.freeze_audio_stages=6");
    }

    /// <summary>
    /// Weights that are updated within the backward pass, of a whole batch or of chunks, end as those that wait for the norm of all.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Without_a_limit_of_the_gradient_weights_are_those_of_a_limit_that_is_never_reached(int chunk)
    {
        string[] settings = [$"training.chunk_size={chunk}", "training.unfreeze_text_epoch=1", "training.freeze_text_encoder=true"];
        var limited = Weights(Run("limited", [.. settings, "training.gradient_clip=1e9"]));
        var free = Weights(Run("free", [.. settings, "training.gradient_clip=0"]));
        foreach (var (name, values) in limited) Assert.Equal(values, free[name]);
    }

    [Fact]
    public void Each_part_learns_at_its_own_rate()
    {
        var start = Weights(Run("start", "training.lr=1e-12"));
        (string, string)[] rates = [("audio_encoder_rate", "audio_enc."), ("text_encoder_rate", "text_enc."), ("head_rate", "_linear.")];
        foreach (var (setting, prefix) in rates)
        {
            var weights = Weights(Run(setting, $"training.{setting}=0", "training.epochs=1"));
            foreach (var (name, values) in weights.Where(item =>
                item.Key.EndsWith("weight", StringComparison.Ordinal) && !item.Key.Contains("norm", StringComparison.OrdinalIgnoreCase)))
                Assert.Equal(name.Contains(prefix, StringComparison.Ordinal), values.Zip(start[name])
                    .Max(pair => Math.Abs(pair.First - (double)pair.Second)) < 1e-9);
        }
    }

    [Fact]
    public void Training_stops_when_the_validation_score_has_not_improved_and_a_resumed_run_stays_stopped()
    {
        // Nothing is learned at such a rate: the first evaluation stays the best score.
        string[] settings = ["training.lr=1e-12", "training.epochs=9", "training.early_stopping_epochs=2",
            "training.freeze_batch_norm=true"];
        string run = _folder["run"];
        var seen = new List<EpochSummary>();
        var outcome = TrainingSession.Run(Request(run, settings) with { Validation = _test }, null, seen.Add,
            TestContext.Current.CancellationToken);
        Assert.Equal((TrainingEnd.NoImprovement, 3), (outcome.End, seen.Count));
        var resumed = TrainingSession.Run(Request(run, settings) with { Validation = _test, Resume = true }, null, seen.Add,
            TestContext.Current.CancellationToken);
        Assert.Equal((TrainingEnd.NoImprovement, 3, (EpochSummary?)null), (resumed.End, seen.Count, resumed.Last));

        // Evaluated epochs count, not those between them.
        var rarely = TrainingSession.Run(Request(_folder["rarely"],
            [.. settings, "training.validate_every_epochs=2"]) with { Validation = _test }, null, null,
            TestContext.Current.CancellationToken);
        Assert.Equal((TrainingEnd.NoImprovement, 6), (rarely.End, rarely.Last!.Epoch));
        Assert.Equal(TrainingEnd.AllEpochs,
            TrainingSession.Run(Request(_folder["never"], [.. settings, "training.early_stopping_epochs=0"]) with { Validation = _test },
            null, null, TestContext.Current.CancellationToken).End);
        Assert.Contains("needs validation data",
            Assert.Throws<OptionException>(() =>
            TrainingSession.Run(Request(_folder["none"], settings), null, null, TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public void Patience_survives_an_interruption()
    {
        string[] settings = ["training.lr=1e-12", "training.epochs=9", "training.early_stopping_epochs=2",
            "training.freeze_batch_norm=true"];
        string run = _folder["run"];
        Assert.Throws<InvalidOperationException>(() =>
            TrainingSession.Run(Request(run, settings) with { Validation = _test },
                AfterBatches.Die(2 * Steps + 1), null,
                TestContext.Current.CancellationToken));
        var outcome = TrainingSession.Run(Request(run, settings) with { Validation = _test, Resume = true }, null, null,
            TestContext.Current.CancellationToken);
        Assert.Equal((TrainingEnd.NoImprovement, 3), (outcome.End, outcome.Last!.Epoch));
    }

    /// <summary>The oracle follows the raw weights from checkpoint to checkpoint.</summary>
    [Fact]
    public void The_saved_model_is_the_average_of_the_weights_and_checkpoints_hold_both()
    {
        const double decay = 0.6;
        const string name = "audio_linear.0.weight";
        double[]? average = null;
        for (int count = 1; count <= Steps; count++)
        {
            string run = _folder[$"run{count}"];
            using var stop = new CancellationTokenSource();
            if (count < Steps)
                Assert.Throws<OperationCanceledException>(() =>
                    TrainingSession.Run(Request(run, $"training.average_decay={decay}"), new AfterBatches(count, stop.Cancel), null,
                        stop.Token));
            else TrainingSession.Run(Request(run, $"training.average_decay={decay}", "training.epochs=1", "training.schedule=step"), null,
                null, TestContext.Current.CancellationToken);
            if (count == Steps) break;
            using var folder = Training.Runs.RunFolder.Resume(run);
            using var initial = ModelFolder.Load(run, CpuDevice.Shared);
            average ??= [.. initial.Parameters().First(item => item.Name == name).Tensor.ToArray<float>().Select(value => (double)value)];
            using var checkpoint = folder.LoadCheckpoint()!;
            float[] weights = checkpoint.Tensors.ReadFloat32("model." + name), averaged = checkpoint.Tensors.ReadFloat32("average." + name);
            double d = Math.Min(decay, (1.0 + count) / (10.0 + count));
            for (int i = 0; i < weights.Length; i++)
            {
                average[i] = d * average[i] + (1 - d) * weights[i];
                Assert.Equal(average[i], averaged[i], 1e-6);
            }
        }
        using var done = Training.Runs.RunFolder.Resume(_folder[$"run{Steps}"]);
        using var last = done.LoadCheckpoint()!;
        var saved = Weights(_folder[$"run{Steps}"])[name];
        Assert.Equal(last.Tensors.ReadFloat32("average." + name), saved);
        Assert.NotEqual(last.Tensors.ReadFloat32("model." + name), saved);
        Assert.Equal(last.Tensors.ReadFloat32("average.audio_enc.bn0.running_mean"),
            Weights(_folder[$"run{Steps}"])["audio_enc.bn0.running_mean"]);
    }

    [Fact]
    public void The_last_epochs_model_is_kept_beside_the_best()
    {
        string start = _folder["start"], run = _folder["run"];
        TrainingSession.Run(Request(start, "training.epochs=20"), null, null, TestContext.Current.CancellationToken);
        // The first epoch leaves what was learned; the second takes steps of 10 on every weight of the text encoder, which unlearns it.
        var best = new List<EpochSummary>();
        string[] unlearning = ["training.lr=10", "training.head_rate=1e-9", "training.freeze_audio_encoder=true",
            "training.freeze_text_encoder=true", "training.unfreeze_text_epoch=1", "training.epochs=2"];
        TrainingSession.Run(Request(run, unlearning) with { InitialModel = start, Validation = _train }, null, best.Add,
            TestContext.Current.CancellationToken);
        Assert.False(best[^1].IsBest, string.Join(" ", best.Select(e => $"{e.Validation?.RecallSum:F3}/{e.IsBest}")));
        using var last = ModelFolder.Load(Path.Combine(run, "last"), CpuDevice.Shared);
        using var checkpoint = Training.Runs.RunFolder.Resume(run);
        using var state = checkpoint.LoadCheckpoint()!;
        Assert.Equal(state.Tensors.ReadFloat32("model.text_linear.0.weight"), last.Parameters()
            .First(item => item.Name == "text_linear.0.weight").Tensor.ToArray<float>());
    }

    public void Dispose() => _folder.Dispose();

    static TrainingSettings Settings(params string[] overrides) =>
        SettingsLoader.Load("tiny",
            [$"training.epochs={Epochs}", "training.batch_size=4", "audio.max_seconds=1", "training.warmup_steps=0", .. overrides]);

    TrainingRequest Request(string run, params string[] overrides) => new()
    {
        Training = _train,
        RunFolder = run,
        Settings = Settings(overrides),
        FeatureCache = _folder["cache"],
        Device = CpuDevice.Shared,
        Time = TimeProvider.System,
    };

    string Run(string name, params string[] overrides)
    {
        TrainingSession.Run(Request(_folder[name], overrides), null, null, TestContext.Current.CancellationToken);
        return _folder[name];
    }

    static Dictionary<string, float[]> Weights(string model)
    {
        using var loaded = ModelFolder.Load(model, CpuDevice.Shared);
        return loaded.State().ToDictionary(item => item.Name, item => item.Tensor.ToArray<float>());
    }
}
