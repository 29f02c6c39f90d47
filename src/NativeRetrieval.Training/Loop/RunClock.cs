namespace NativeRetrieval.Training.Loop;

/// <summary>
/// The measured times of a run since it was started or resumed, and the time left that follows from them. The clock runs in laps without
/// gaps: whatever is done between two marks counts to the work that the second one names.
/// </summary>
internal sealed class RunClock
{
    readonly TimeProvider _time;
    readonly Tally _pairs = new(), _evaluations = new(), _savings = new();
    readonly long _started;
    long _mark;
    double _savingSeconds;
    long _pairsDone;
    (double Input, double Seconds) _waits;
    (double Ranks, double Seconds) _rankWaits;

    public RunClock(TimeProvider time)
    {
        _time = time;
        _started = _mark = time.GetTimestamp();
    }

    /// <summary>Time of one evaluation, used until one has been measured; null: unknown, taken as none.</summary>
    public TimeSpan? ExpectedEvaluation { get; init; }

    /// <summary>Pairs trained a second since the start, with all else that was done.</summary>
    public double PairsPerSecond => _pairsDone / Math.Max(1e-9, _time.GetElapsedTime(_started).TotalSeconds);

    /// <summary>Marks the end of a batch.</summary>
    /// <param name="waited">Time that the device waited for it.</param>
    /// <param name="forRanks">Time that this rank waited for others; null: it was not measured.</param>
    /// <returns>Shares of its time that went in both, 0 … 1.</returns>
    public (double Input, double? Ranks) Trained(int pairs, TimeSpan waited, TimeSpan? forRanks)
    {
        _pairsDone += pairs;
        double lap = Lap();
        _pairs.Add(pairs, lap);
        _waits = (_waits.Input + waited.TotalSeconds, _waits.Seconds + lap);
        if (forRanks is not { } others) return (Share(waited.TotalSeconds, lap), null);
        _rankWaits = (_rankWaits.Ranks + others.TotalSeconds, _rankWaits.Seconds + lap);
        return (Share(waited.TotalSeconds, lap), Share(others.TotalSeconds, lap));
    }

    /// <summary>
    /// Shares of the time of the batches since the last call that the device waited for them, and that this rank waited for others, 0 … 1:
    /// the latter of those batches in which it was measured, null where it was in none.
    /// </summary>
    public (double Input, double? Ranks) EndOfWaits()
    {
        var shares = (Share(_waits.Input, _waits.Seconds),
            _rankWaits.Seconds > 0 ? Share(_rankWaits.Ranks, _rankWaits.Seconds) : (double?)null);
        (_waits, _rankWaits) = (default, default);
        return shares;
    }

    /// <summary>Marks the beginning of an evaluation.</summary>
    public void Validating() => _savingSeconds += Lap();

    /// <summary>Marks the end of an evaluation.</summary>
    public void Validated() => _evaluations.Add(1, Lap());

    /// <summary>Marks the end of an epoch, its model and checkpoint saved.</summary>
    public void Saved()
    {
        _savings.Add(1, _savingSeconds + Lap());
        _savingSeconds = 0;
    }

    /// <summary>The time left; null before the first batch.</summary>
    /// <param name="pairs">Pairs to train.</param>
    /// <param name="evaluations">Evaluations to make, one under way included.</param>
    /// <param name="epochs">Epochs to end.</param>
    /// <param name="isValidating">True while an evaluation is under way: the time since its beginning is taken off.</param>
    public TimeSpan? Remaining(long pairs, int evaluations, int epochs, bool isValidating)
    {
        if (_pairs.Each is not { } perPair) return null;
        double perEvaluation = _evaluations.Each ?? ExpectedEvaluation?.TotalSeconds ?? 0;
        double under = isValidating ? Math.Min(perEvaluation, _time.GetElapsedTime(_mark).TotalSeconds) : 0;
        double seconds = pairs * perPair + evaluations * perEvaluation - under + epochs * (_savings.Each ?? 0);
        return TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.MaxValue.TotalSeconds / 2));
    }

    static double Share(double waited, double seconds) => seconds > 0 ? Math.Min(1, waited / seconds) : 0;

    double Lap()
    {
        long now = _time.GetTimestamp();
        double seconds = _time.GetElapsedTime(_mark, now).TotalSeconds;
        _mark = now;
        return seconds;
    }

    /// <summary>The mean time of one of a kind. The first lap, which includes compilation, is left out once there are others.</summary>
    sealed class Tally
    {
        (double Count, double Seconds)? _first;
        (double Count, double Seconds) _others;

        public double? Each => _others.Count > 0 ? _others.Seconds / _others.Count : _first?.Seconds / _first?.Count;

        public void Add(int count, double seconds)
        {
            if (_first is null) _first = (count, seconds);
            else _others = (_others.Count + count, _others.Seconds + seconds);
        }
    }
}
