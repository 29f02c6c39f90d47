using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Loop;

namespace NativeRetrieval.Training.Tests.Loop;

public sealed class RunClockTests
{
    readonly SteppedTime _time = new();

    [Fact]
    public void Nothing_is_known_before_the_first_batch() =>
        Assert.Null(new RunClock(_time).Remaining(pairs: 10, evaluations: 1, epochs: 1, isValidating: false));

    [Fact]
    public void The_time_left_is_that_of_the_pairs_the_evaluations_and_the_saving_to_come()
    {
        var clock = new RunClock(_time);
        Batch(clock, seconds: 9, pairs: 4); // compilation
        Batch(clock, seconds: 2, pairs: 4);
        Batch(clock, seconds: 4, pairs: 8);
        _time.Advance(1); // before an evaluation: counts to saving
        clock.Validating();
        _time.Advance(30);
        clock.Validated();
        _time.Advance(5);
        clock.Saved();
        // 32 pairs of 0.5 s, 2 evaluations of 30 s, 2 epochs' saving of 6 s.
        Assert.Equal(TimeSpan.FromSeconds(16 + 60 + 12), clock.Remaining(32, evaluations: 2, epochs: 2, isValidating: false));
        Assert.Equal(TimeSpan.Zero, clock.Remaining(0, 0, 0, isValidating: false));
        Assert.Equal(16 / 51.0, clock.PairsPerSecond, 1e-12);
    }

    [Fact]
    public void An_evaluation_that_was_not_yet_measured_takes_what_the_estimate_expects_less_what_has_passed()
    {
        var clock = new RunClock(_time) { ExpectedEvaluation = TimeSpan.FromSeconds(20) };
        Batch(clock, seconds: 2, pairs: 4);
        Assert.Equal(TimeSpan.FromSeconds(4 + 40), clock.Remaining(8, evaluations: 2, epochs: 2, isValidating: false));
        clock.Validating();
        _time.Advance(15);
        Assert.Equal(TimeSpan.FromSeconds(4 + 25), clock.Remaining(8, evaluations: 2, epochs: 2, isValidating: true));
        _time.Advance(15);
        Assert.Equal(TimeSpan.FromSeconds(4 + 20), clock.Remaining(8, evaluations: 2, epochs: 2, isValidating: true));
    }

    [Fact]
    public void The_shares_that_the_device_and_the_rank_waited_are_those_of_each_batch_and_of_the_epoch()
    {
        var clock = new RunClock(_time);
        Assert.Equal<(double, double?)>([(0.25, 0), (0, 0.5), (1, 0)], [Trained(4, 1, 0), Trained(4, 0, 2), Trained(2, 2, 0)]);
        var (input, ranks) = clock.EndOfWaits();
        Assert.Equal(0.3, input, 1e-12);
        Assert.Equal(0.2, ranks!.Value, 1e-12);
        _time.Advance(7);
        clock.Saved();
        Assert.Equal((0.5, 0), Trained(2, 1, 0)); // what lies between two epochs is no batch's time
        Assert.Equal((0.5, 0), clock.EndOfWaits());
        Assert.Equal((0, null), clock.EndOfWaits());
        // A replayed batch tells nothing of ranks, and counts for nothing there.
        Assert.Equal((0.5, null), Trained(4, 2, null));
        Assert.Equal((0, 0.25), Trained(4, 0, 1));
        Assert.Equal((0.25, 0.25), clock.EndOfWaits());

        (double Input, double? Ranks) Trained(int seconds, int waited, int? forRanks)
        {
            _time.Advance(seconds);
            return clock.Trained(1, TimeSpan.FromSeconds(waited), forRanks is { } others ? TimeSpan.FromSeconds(others) : null);
        }
    }

    void Batch(RunClock clock, int seconds, int pairs)
    {
        _time.Advance(seconds);
        clock.Trained(pairs, TimeSpan.Zero, TimeSpan.Zero);
    }
}
