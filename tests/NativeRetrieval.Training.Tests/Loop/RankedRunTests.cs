using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Demo;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.TestSupport;
using NativeRetrieval.TestSupport.Distributed;
using NativeRetrieval.Training.Logging;
using NativeRetrieval.Training.Loop;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>Whole runs of several ranks, which are threads, against the run of one.</summary>
public sealed class RankedRunTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly Dataset _train, _test;

    public RankedRunTests()
    {
        var demo = DemoCollection.Create(_folder["demo"], seed: 3, clips: 42, testClips: 6);
        (_train, _test) = (CaptionCsv.Read(demo.TrainCsv, demo.AudioFolder), CaptionCsv.Read(demo.TestCsv, demo.AudioFolder));
    }

    /// <summary>
    /// Batches of 32 clips, 20 steps; every rank has an equal part. The rate is one at which the order of a sum in float32 stays a
    /// matter of the last digits; at rates of 1e-4 and more this small model's steps about double such a difference each time.
    /// </summary>
    [Fact]
    public void Ranks_have_the_losses_and_the_validation_of_one_rank_with_the_whole_batch()
    {
        string[] overrides = ["training.batch_size=32", "training.epochs=20", "training.synchronized_batch_norm=true",
            "training.validate_every_epochs=10", "training.lr=3e-6"];
        Assert.Single(Run(1, "one", overrides));
        double[] one = Losses("one");
        Assert.Equal(20, one.Length);
        Assert.DoesNotContain(Log("one"), line => line["rank_wait"] is not null);
        foreach (int ranks in (int[])[2, 4])
        {
            string run = $"ranks-{ranks}";
            Assert.All(Run(ranks, run, overrides), outcome => Assert.Equal(TrainingEnd.AllEpochs, outcome.End));
            double[] all = Losses(run);
            Assert.Equal(one.Length, all.Length);
            TestContext.Current.SendDiagnosticMessage("{0} ranks: largest relative difference of a loss {1:G2}, of the first norm {2:G2}",
                ranks, one.Zip(all, (a, b) => Math.Abs(a - b) / a).Max(), Math.Abs(Norms("one")[0] - Norms(run)[0]) / Norms("one")[0]);
            foreach (var (expected, actual) in one.Zip(all)) Assert.Equal(expected, actual, 1e-6 * expected);
            Assert.Equal(Norms("one")[0], Norms(run)[0], 1e-5 * Norms("one")[0]);
            Assert.Equal(Values("one", "validation/r10"), Values(run, "validation/r10"));
            Assert.All(Log(run).Where(line => line["loss"] is not null), line => Assert.InRange(line["rank_wait"]!.Value, 0, 1));
        }
    }

    /// <summary>
    /// The control for rates at which steps magnify the last digits of float32: one rank with the same clips in other orders, which sums
    /// the same numbers otherwise. What two ranks differ by is of the size of the largest of four such differences, which are drawn at
    /// random, as it were: one order alone was seen to differ by 1.4e-4 and, after sums had changed elsewhere, by 7.7e-6.
    /// </summary>
    [Fact]
    public void At_larger_rates_ranks_differ_from_one_no_more_than_the_order_of_its_clips_makes_it_differ_from_itself()
    {
        string[] rows = [.. File.ReadLines(_folder["demo/train.csv"]).Skip(1).Select(row => string.Join(',', row.Split(',').Take(2)))];
        const int Batch = 32;
        // A batch is an epoch, nothing is drawn for a clip's place in it, and a clip has one caption.
        string[] overrides = [$"training.batch_size={Batch}", "training.epochs=20", "training.synchronized_batch_norm=true",
            "training.lr=1e-4", "training.warmup_steps=0", "model.audio_dropout=0", "text.dropout=0", "augmentation.time_stripes=0",
            "augmentation.mel_stripes=0", "augmentation.circular_shift=false"];
        var (one, ranks) = (Trained(1, "one", rows[..Batch]), Trained(2, "ranks", rows[..Batch]));
        double control = 0, difference = Largest(one, ranks);
        foreach (int start in (int[])[8, 16, 24, Batch])
        {
            var turned = Trained(1, $"from-{start}", [.. rows[..start].Reverse(), .. rows[start..Batch]]);
            Assert.Equal(one[0], turned[0], 1e-6 * one[0]);
            control = Math.Max(control, Largest(one, turned));
        }
        TestContext.Current.SendDiagnosticMessage("largest relative difference of a loss, other orders {0:G2}, two ranks {1:G2}", control,
            difference);
        Assert.Equal(one[0], ranks[0], 1e-6 * one[0]);
        Assert.InRange(control, 1e-6, 1e-2);
        Assert.InRange(difference, 0, 10 * control);

        double[] Trained(int ranks, string run, string[] rows)
        {
            string csv = _folder[run + ".csv"];
            File.WriteAllLines(csv, ["file_name,caption_1", .. rows]);
            LocalGroup.Run(ranks, group => TrainingSession.Run(Request(run, overrides) with
            {
                Group = group,
                Training = CaptionCsv.Read(csv, _folder["demo/audio"]),
                Validation = null,
            }, null, null, CancellationToken.None));
            return Losses(run);
        }

        static double Largest(double[] one, double[] other) => one.Zip(other, (a, b) => Math.Abs(a - b) / a).Max();
    }

    /// <summary>Ranks measure together before a run, and get the same; what they do not share is said for each.</summary>
    [Fact]
    public void Ranks_estimate_together()
    {
        string[] overrides = ["training.batch_size=8", "training.epochs=3", "training.synchronized_batch_norm=true"];
        var estimates = LocalGroup.Run(2, group => TrainingSession.Estimate(Request("run", overrides) with { Group = group }, null,
            CancellationToken.None));
        Assert.Equal(estimates[0], estimates[1]);
        Assert.Equal(2, estimates[0].Ranks);
        Assert.Equal(4, estimates[0].StepsPerEpoch);
        Assert.Equal(CpuDevice.Shared.MemoryBytes / 2, estimates[0].MachineMemoryBytes);
        Assert.InRange(estimates[0].PeakMemoryBytes, 1, estimates[0].MachineMemoryBytes);
        Assert.False(Directory.Exists(_folder["run"]));
        Assert.Equal(1, TrainingSession.Estimate(Request("run", overrides), null, CancellationToken.None).Ranks);
    }

    /// <summary>Two ranks stop within an epoch, one goes on, then three: the losses are those of the undisturbed run.</summary>
    [Fact]
    public void A_run_goes_on_with_another_number_of_ranks()
    {
        string[] overrides = ["training.batch_size=8", "training.epochs=3", "training.synchronized_batch_norm=true",
            "training.average_decay=0.9", "training.lr=3e-6"];
        Run(1, "whole", overrides);
        Stopped(2, "changed", overrides, after: 2, resume: false);
        Stopped(1, "changed", overrides, after: 3, resume: true);
        Run(3, "changed", overrides, resume: true);
        var (whole, changed) = (Losses("whole"), Losses("changed"));
        Assert.Equal(whole.Length, changed.Length);
        foreach (var (expected, actual) in whole.Zip(changed)) Assert.Equal(expected, actual, 1e-5 * expected);
        string starts = File.ReadAllText(Path.Combine(_folder["changed"], "run.json"));
        Assert.Equal(["2", "1", "3"], starts.Split("\"ranks\": ").Skip(1).Select(rest => rest[..1]));
    }

    /// <summary>One rank fails in the middle: the others fail with it, name it, and what is left is the last checkpoint.</summary>
    [Fact]
    public void A_rank_that_fails_ends_all_and_the_run_is_resumed()
    {
        string[] overrides = ["training.batch_size=8", "training.epochs=3", "training.checkpoint_every_steps=2"];
        Run(2, "whole", overrides);
        var errors = Errors(2, group => TrainingSession.Run(Request("broken", overrides) with
        {
            Group = group,
            // The second rank has no progress of its own to fail by: it dies of its clock.
            Time = group.Rank == 1 ? new FatalTime(9) : new SteppedTime(),
        }, null, null, CancellationToken.None));
        Assert.Equal(2, errors.Count);
        var other = Assert.Single(errors.OfType<DistributedException>());
        Assert.Contains("rank 1", other.Message, StringComparison.Ordinal);
        Assert.Contains("the clock broke", other.Message, StringComparison.Ordinal);
        Run(2, "broken", overrides, resume: true);
        Assert.Equal(Losses("whole"), Losses("broken"));
    }

    [Theory]
    [InlineData("training.lr=0.0002", "rank 1 disagrees with rank 0: training.lr is 0.0002 there and ")]
    [InlineData("seed=9", "rank 1 disagrees with rank 0: seed is 9 there and ")]
    public void Ranks_that_were_asked_for_different_things_do_not_begin(string differs, string message)
    {
        var errors = Errors(2, group => TrainingSession.Run(Request("run", group.Rank == 1 ? [differs] : []) with { Group = group }, null,
            null, CancellationToken.None));
        Assert.Equal(2, errors.Count);
        Assert.All(errors, error =>
            Assert.StartsWith(message, Assert.IsType<DistributedException>(error).Message, StringComparison.Ordinal));
        Assert.False(Directory.Exists(_folder["run"]));
    }

    [Fact]
    public void Ranks_with_other_data_do_not_begin()
    {
        var errors = Assert.Throws<AggregateException>(() => LocalGroup.Run(2, group =>
            TrainingSession.Run(Request("run") with { Group = group, Training = group.Rank == 1 ? _test : _train }, null, null,
                CancellationToken.None))).InnerExceptions;
        Assert.All(errors, error => Assert.StartsWith("rank 1 disagrees with rank 0: training data is ",
            Assert.IsType<DistributedException>(error).Message, StringComparison.Ordinal));
        Assert.Equal(2, errors.Count);
    }

    [Theory]
    [InlineData("training.batch_size=3", "a batch has 3 pairs, fewer than the 4 ranks that share it")]
    [InlineData("training.batch_size=11", "the last batch of an epoch has 3 pairs, fewer than the 4 ranks",
        "training.drop_last_batch=false")]
    [InlineData("training.batch_size=8", "training.chunk_size = 3 makes 3 chunks of a batch of 8, and 4 ranks", "training.chunk_size=3")]
    [InlineData("training.batch_size=8", "training.synchronized_batch_norm = true and training.chunk_size = 2", "training.chunk_size=2",
        "training.synchronized_batch_norm=true")]
    public void Batches_that_ranks_cannot_share_are_refused(string batch, string message, params string[] overrides)
    {
        var errors = Assert.Throws<AggregateException>(() => Run(4, "run", [batch, .. overrides])).InnerExceptions;
        Assert.Equal(4, errors.Count);
        Assert.All(errors, error => Assert.StartsWith(message, error.Message, StringComparison.Ordinal));
        Assert.False(Directory.Exists(_folder["run"]));
    }

    public void Dispose() => _folder.Dispose();

    TrainingOutcome[] Run(int ranks, string run, string[] overrides, bool resume = false) =>
        LocalGroup.Run(ranks, group => TrainingSession.Run(Request(run, overrides) with { Group = group, Resume = resume }, null, null,
            CancellationToken.None));

    static IReadOnlyList<Exception> Errors(int ranks, Func<LocalGroup, TrainingOutcome> run) =>
        Assert.Throws<AggregateException>(() => LocalGroup.Run(ranks, run)).InnerExceptions;

    /// <summary>One rank, the last, is cancelled after some steps of this start; all stop together.</summary>
    void Stopped(int ranks, string run, string[] overrides, int after, bool resume)
    {
        using var cancellation = new CancellationTokenSource();
        var errors = Assert.Throws<AggregateException>(() => LocalGroup.Run(ranks, group =>
        {
            var request = Request(run, overrides) with { Group = group, Resume = resume };
            return TrainingSession.Run(request, group.Rank == 0 ? new AfterBatches(after, cancellation.Cancel) : null, null,
                group.Rank == ranks - 1 ? cancellation.Token : CancellationToken.None);
        })).InnerExceptions;
        Assert.Equal(ranks, errors.Count);
        Assert.All(errors, error => Assert.IsAssignableFrom<OperationCanceledException>(error));
    }

    TrainingRequest Request(string run, params string[] overrides) => new()
    {
        Training = _train,
        Validation = _test,
        RunFolder = _folder[run],
        Settings = SettingsLoader.Load("tiny", ["audio.max_seconds=1", "augmentation.circular_shift=true", .. overrides]),
        FeatureCache = _folder["cache"],
        Device = CpuDevice.Shared,
        Time = new SteppedTime(),
    };

    IReadOnlyList<MetricsLine> Log(string run) => MetricsLog.Read(Path.Combine(_folder[run], "metrics.jsonl"));

    double[] Values(string run, string name) => [.. Log(run).Where(line => line[name] is not null).Select(line => line[name]!.Value)];

    double[] Losses(string run) => Values(run, "loss");

    double[] Norms(string run) => Values(run, "gradient_norm");

    /// <summary>A clock that breaks when it is read for the nth time.</summary>
    sealed class FatalTime(int reads) : TimeProvider
    {
        int _reads;

        public override long GetTimestamp() =>
            Interlocked.Increment(ref _reads) < reads ? _reads : throw new InvalidOperationException("the clock broke");
    }
}
