using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Vectors;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>Runs that learn from the scores of trained models.</summary>
public sealed class TeacherTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly Dataset _train;

    public TeacherTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 16, testClips: 4);
        _train = CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder);
        Run(Request("first", "seed=1"));
        Run(Request("second", "seed=2"));
    }

    [Fact]
    public void Scores_are_the_mean_of_the_teachers_cosines()
    {
        EvaluationVectors first = new(2, ["a.wav", "b.wav"], [1, 0, 0.6f, 0.8f], ["x", "y", "z"], [1, 0, 0, 1, 0.8f, 0.6f]);
        EvaluationVectors second = new(1, ["a.wav", "b.wav"], [1, -1], ["x", "y", "z"], [1, 1, -1]);
        var data = new Dataset("captions.csv", [new Clip("a.wav", "a.wav", ["x"], 1), new Clip("b.wav", "b.wav", ["y", "z"], 2)]);
        using var scores = new TeacherScores([first, second], data, ["x", "y", "z"], CpuDevice.Shared);
        using var table = scores.Of([1, 0, 1], [2, 0]);
        float[] expected = [(0.96f + 1) / 2, (0.6f - 1) / 2, (0.8f - 1) / 2, 1, (0.96f + 1) / 2, (0.6f - 1) / 2];
        Assert.All(expected.Zip(table.ToArray<float>()), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.Throws<OptionException>(() => new TeacherScores([first], data, ["x", "y"], CpuDevice.Shared));
    }

    [Theory]
    [InlineData]
    [InlineData("training.chunk_size=2")]
    [InlineData("training.freeze_text_encoder=true", "loss.teacher_weight=1", "loss.teacher_temperature=0.02")]
    public void A_run_that_was_killed_goes_on_without_its_teachers(params string[] overrides)
    {
        var taught = Request("whole", overrides) with { Teachers = [_folder["first"], _folder["second"]] };
        Run(taught);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder["whole"], "teachers")).Length);
        var broken = taught with { RunFolder = _folder["broken"] };
        Assert.Throws<InvalidOperationException>(() =>
            TrainingSession.Run(broken, AfterBatches.Die(4), null, TestContext.Current.CancellationToken));
        Run(broken with { Resume = true, Teachers = [] });
        Assert.Equal(Metrics("whole"), Metrics("broken"));

        Run(Request("alone", overrides));
        Assert.NotEqual(Metrics("alone"), Metrics("whole"));
    }

    [Fact]
    public void A_weight_of_0_is_a_run_without_a_teacher()
    {
        Run(Request("alone"));
        Run(Request("weightless", "loss.teacher_weight=0") with { Teachers = [_folder["first"]] });
        Assert.Equal(Metrics("alone"), Metrics("weightless"));
    }

    [Fact]
    public void Other_teachers_and_changed_vectors_are_refused()
    {
        var taught = Request("run", "training.epochs=1") with { Teachers = [_folder["first"]] };
        Run(taught);
        Assert.Contains("--teacher", Assert.Throws<OptionException>(() =>
            Run(taught with { Resume = true, Teachers = [_folder["second"]] })).Message);
        string vectors = Directory.GetFiles(Path.Combine(_folder["run"], "teachers")).Single();
        byte[] bytes = File.ReadAllBytes(vectors);
        bytes[^1] ^= 1;
        File.WriteAllBytes(vectors, bytes);
        Assert.Contains(vectors, Assert.Throws<CorruptFileException>(() => Run(taught with { Resume = true })).Message);

        File.Delete(vectors);
        Assert.Contains("resume with the same --teacher",
            Assert.Throws<OptionException>(() => Run(taught with { Resume = true, Teachers = [] })).Message);
        Run(taught with { Resume = true });
        Assert.True(File.Exists(vectors));
    }

    [Fact]
    public void Mixtures_and_settings_without_a_teacher_are_refused_before_there_is_a_run()
    {
        Assert.Contains("augmentation.mix_share", Assert.Throws<OptionException>(() =>
            Run(Request("run", "augmentation.mix_share=0.5") with { Teachers = [_folder["first"]] })).Message);
        Assert.Contains("loss.teacher_weight", Assert.Throws<OptionException>(() =>
            Run(Request("run", "loss.teacher_weight=0.7") with { Insisted = ["loss.teacher_weight"] })).Message);
        Assert.False(Directory.Exists(_folder["run"]));
    }

    public void Dispose() => _folder.Dispose();

    string Metrics(string run) => File.ReadAllText(Path.Combine(_folder[run], "metrics.jsonl"));

    static void Run(TrainingRequest request) => TrainingSession.Run(request, null, null, TestContext.Current.CancellationToken);

    TrainingRequest Request(string run, params string[] overrides) => new()
    {
        Training = _train,
        RunFolder = _folder[run],
        Settings = SettingsLoader.Load("tiny",
            ["training.epochs=2", "training.batch_size=4", "audio.max_seconds=1", "training.checkpoint_every_steps=2", .. overrides]),
        FeatureCache = _folder["cache"],
        Device = CpuDevice.Shared,
        Time = new SteppedTime(), // of a clock that stands still no share of a step is waited for
    };
}
