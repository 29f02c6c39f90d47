using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Logging;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>A run that is resumed with settings, batches at the edge, and the time that is said to be left.</summary>
public sealed class ResumeTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly Dataset _train, _test;
    readonly List<string> _notes = [];

    public ResumeTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 16, testClips: 4);
        (_train, _test) = (CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder), CaptionCsv.Read(demo.TestCsv, demo.AudioFolder));
    }

    [Fact]
    public void The_very_settings_of_the_first_run_are_accepted()
    {
        Run(Request("training.epochs=1"));
        Run(Request("training.epochs=1") with { Resume = true });
        Assert.Empty(_notes);
    }

    [Fact]
    public void Settings_that_differ_are_refused_by_name_with_both_values()
    {
        Run(Request("training.epochs=1"));
        string message = Assert.Throws<OptionException>(() =>
            Run(Request("training.epochs=1", "training.lr=0.5", "text.layers=1") with { Resume = true })).Message;
        Assert.Contains("training.lr is 0.002 in the run and 0.5 in the command", message);
        Assert.Contains("text.layers is 2 in the run and 1 in the command", message);
        Assert.DoesNotContain("training.epochs is", message);
        string dropped = Assert.Throws<OptionException>(() =>
            Run(Request() with { Resume = true, Settings = SettingsLoader.Load("tiny", []) })).Message;
        Assert.Contains("training.batch_size is 4 in the run and 16 in the command", dropped);
    }

    [Fact]
    public void Without_a_preset_only_the_settings_that_are_named_are_compared()
    {
        Run(Request("training.epochs=1"));
        var bare = Request() with { Resume = true, Settings = new TrainingSettings(), SettingsAreWhole = false, Insisted = [] };
        Run(bare);
        Run(bare with { Settings = SettingsLoader.Load(null, ["training.batch_size=4"]), Insisted = ["training.batch_size"] });
        Assert.Contains("training.lr is 0.002 in the run and 0.0001 in the command",
            Assert.Throws<OptionException>(() => Run(bare with { Insisted = ["training.lr"] })).Message);
    }

    [Fact]
    public void Sizes_that_came_from_weights_need_not_be_in_the_preset_again_unless_named()
    {
        Run(Request("training.epochs=1"));
        var tuned = Request("training.epochs=1", "model.embedding_dimension=32") with
        {
            RunFolder = _folder["tuned"], InitialModel = _folder["run"],
        };
        Run(tuned);
        Run(tuned with { Resume = true });
        Assert.Contains("model.embedding_dimension is 64 in the run and 32 in the command", Assert.Throws<OptionException>(() =>
            Run(tuned with { Resume = true, Insisted = ["model.embedding_dimension"] })).Message);
    }

    [Fact]
    public void More_epochs_go_on_as_if_the_run_had_had_them_from_the_beginning()
    {
        string[] steady = ["training.schedule=step", "training.warmup_steps=0"];
        Run(Request([.. steady, "training.epochs=3"]) with { RunFolder = _folder["whole"] });
        Run(Request([.. steady, "training.epochs=1"]));
        Run(Request([.. steady, "training.epochs=3"]) with { Resume = true });
        Assert.Equal(Text("whole", "metrics.jsonl"), Text("run", "metrics.jsonl"));
        Assert.Equal(Text("whole", "settings.yaml"), Text("run", "settings.yaml"));
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["whole"], "model.safetensors")),
            File.ReadAllBytes(Path.Combine(_folder["run"], "model.safetensors")));
        Assert.Equal("training.epochs was 1 and is now 3", Assert.Single(_notes));
    }

    /// <summary>A run of a version without the settings that have come since: its files lack them.</summary>
    [Fact]
    public void A_run_from_before_a_setting_goes_on_as_it_was_by_the_same_command()
    {
        string[] recipe = ["training.epochs=2", "training.optimizer=adamw", "training.weight_decay=0.1", "data.hold_out_clips=3", "seed=4"];
        var before = SettingsCatalogue.All.Where(setting => setting.Before is not null).ToList();
        Assert.Equal(["training.decay_norms_and_biases", "training.cosine_from", "data.hold_out_seed"],
            before.Select(setting => setting.Key));
        string[] asItWas = [.. recipe, .. before.Select(setting => $"{setting.Key}={setting.Before}")];
        Run(Request(asItWas) with { RunFolder = _folder["whole"] });
        Run(Request(recipe) with { RunFolder = _folder["new"] });
        Assert.NotEqual(Text("whole", "metrics.jsonl"), Text("new", "metrics.jsonl"));

        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            TrainingSession.Run(Request(asItWas), null, _ => cancellation.Cancel(), cancellation.Token));
        string settings = Path.Combine(_folder["run"], "settings.yaml"), record = Path.Combine(_folder["run"], "run.json");
        Without(settings, setting => $"  {setting.Name}:");
        Without(record, setting => $"    \"{setting.Key}\":");
        Assert.DoesNotContain("cosine_from: ", Text("run", "settings.yaml"));
        Assert.DoesNotContain("cosine_from", Text("run", "run.json"));

        Run(Request(recipe) with { Resume = true });
        Assert.Equal(Text("whole", "metrics.jsonl"), Text("run", "metrics.jsonl"));
        Assert.Contains("training.cosine_from is first-step in the run and warmup-end in the command", Assert.Throws<OptionException>(() =>
            Run(Request(recipe) with { Resume = true, Insisted = ["training.cosine_from"] })).Message);

        void Without(string path, Func<SettingDefinition, string> beginning) => File.WriteAllLines(path, File.ReadAllLines(path)
            .Where(line => !before.Any(setting => line.StartsWith(beginning(setting), StringComparison.Ordinal))));
    }

    [Fact]
    public void Validation_scores_by_the_relevance_that_the_settings_name()
    {
        var twins = _test with { Clips = [.. _test.Clips.Select((clip, i) => clip with { Captions = [$"sound {i / 2}", $"clip {i}"] })] };
        Assert.Equal(8, Queries("training.epochs=1"));
        Assert.Equal(6, Queries("training.epochs=1", "data.relevance=same-text"));

        int Queries(params string[] overrides)
        {
            int queries = 0;
            TrainingSession.Run(Request(overrides) with { Validation = twins, RunFolder = _folder[$"run{overrides.Length}"] }, null,
                epoch => queries = epoch.Validation!.Queries, TestContext.Current.CancellationToken);
            return queries;
        }
    }

    [Fact]
    public void The_model_of_an_end_that_is_no_longer_the_end_is_replaced()
    {
        Run(Request("training.epochs=1") with { Validation = _test });
        string last = Path.Combine(_folder["run"], "last");
        Directory.CreateDirectory(last);
        File.WriteAllText(Path.Combine(last, "README.md"), "an old end");
        Run(Request("training.epochs=2") with { Validation = _test, Resume = true });
        Assert.False(File.Exists(Path.Combine(last, "README.md")) && Text("run/last", "README.md") == "an old end");
        Assert.Contains("the learning rate follows the cosine over 2 epochs", Assert.Single(_notes));
    }

    [Fact]
    public void Fewer_epochs_than_are_done_are_refused_and_those_that_are_done_are_enough()
    {
        var three = Request("training.epochs=3");
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => TrainingSession.Run(three, null, epoch =>
        {
            if (epoch.Epoch == 2) cancellation.Cancel();
        }, cancellation.Token));
        string message = Assert.Throws<OptionException>(() => Run(Request("training.epochs=1") with { Resume = true })).Message;
        Assert.Contains("training.epochs = 1", message);
        Assert.Contains("has done or begun 2 of its 3 epochs; give 2 or more", message);
        Assert.Contains("epochs: 3", Text("run", "settings.yaml"));
        Assert.Equal(TrainingEnd.AllEpochs, Run(Request("training.epochs=2") with { Resume = true }).End);
        Assert.Contains("epochs: 2", Text("run", "settings.yaml"));
    }

    [Fact]
    public void Data_smaller_than_a_batch_is_one_batch_and_the_run_says_so()
    {
        var request = Request("training.epochs=2", "training.batch_size=32");
        Assert.Equal(1, TrainingSession.Estimate(request, null, TestContext.Current.CancellationToken).StepsPerEpoch);
        _notes.Clear();
        Run(request);
        Assert.Equal(2, MetricsLog.Read(Path.Combine(_folder["run"], "metrics.jsonl")).Count);
        Assert.Equal("the data is smaller than a batch: an epoch is one batch of 12 pairs (training.batch_size = 32)",
            Assert.Single(_notes));
    }

    [Fact]
    public void A_single_item_that_is_left_over_is_trained_with_the_batch_before()
    {
        var progress = new Reports();
        TrainingSession.Run(Request("training.epochs=1", "training.batch_size=11", "training.drop_last_batch=false",
            "training.chunk_size=6"), progress, null, TestContext.Current.CancellationToken);
        Assert.Equal([(6, 12), (12, 12)], progress.Training);
    }

    [Fact]
    public void The_time_left_after_an_epoch_is_within_30_percent_validation_included()
    {
        var time = new SteppedTime();
        var (left, at) = (new List<TimeSpan>(), new List<TimeSpan>());
        TrainingSession.Run(Request("training.epochs=6") with { Validation = _test, Time = time },
            new Reports { Reported = phase => time.Advance(phase == TrainingPhase.Training ? 1 : 6) }, epoch =>
            {
                left.Add(epoch.Remaining);
                at.Add(time.Passed);
            }, TestContext.Current.CancellationToken);
        for (int epoch = 0; epoch < 6; epoch++)
        {
            double actual = (at[^1] - at[epoch]).TotalSeconds;
            Assert.InRange(left[epoch].TotalSeconds, 0.7 * actual, 1.3 * actual);
        }
        Assert.True(at[^1] - at[0] > TimeSpan.FromSeconds(5 * (3 + 6) - 1), "validation takes time on this clock");
    }

    [Fact]
    public void An_epoch_says_why_its_model_is_kept()
    {
        var kept = new List<string?>();
        TrainingSession.Run(Request("training.epochs=2"), null, epoch => kept.Add(epoch.KeptAs), TestContext.Current.CancellationToken);
        TrainingSession.Run(Request("training.epochs=1") with { RunFolder = _folder["validated"], Validation = _test }, null,
            epoch => kept.Add(epoch.KeptAs), TestContext.Current.CancellationToken);
        Assert.Equal(["last epoch, without validation data", "last epoch, without validation data", "best by validation R@1+R@5+R@10"],
            kept);
    }

    public void Dispose() => _folder.Dispose();

    string Text(string run, string file) => File.ReadAllText(Path.Combine(_folder[run], file));

    static TrainingOutcome Run(TrainingRequest request) =>
        TrainingSession.Run(request, null, null, TestContext.Current.CancellationToken);

    TrainingRequest Request(params string[] overrides) => new()
    {
        Training = _train,
        RunFolder = _folder["run"],
        Settings = SettingsLoader.Load("tiny", ["training.batch_size=4", "audio.max_seconds=1", .. overrides]),
        SettingsAreWhole = true,
        FeatureCache = _folder["cache"],
        Device = CpuDevice.Shared,
        Time = new SteppedTime(), // of a clock that stands still no share of a step is waited for
        Noted = _notes.Add,
    };

    sealed class Reports : IProgress<TrainingProgress>
    {
        public List<(int Done, int Total)> Training { get; } = [];

        public Action<TrainingPhase>? Reported { get; init; }

        public void Report(TrainingProgress value)
        {
            lock (Training)
            {
                if (value.Phase == TrainingPhase.Training) Training.Add((value.Done, value.Total));
                if (value.Phase is TrainingPhase.Training or TrainingPhase.Validation) Reported?.Invoke(value.Phase);
            }
        }
    }
}
