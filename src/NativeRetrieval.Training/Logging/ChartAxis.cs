namespace NativeRetrieval.Training.Logging;

/// <summary>Maps values to places in a picture and chooses round ticks.</summary>
sealed class ChartAxis
{
    const int MostTicks = 6;

    readonly double _high, _start, _end;

    /// <param name="start">Place of the low end in the picture; <paramref name="end"/>: of the high end.</param>
    /// <param name="tight">True: the ends are the values themselves, and ticks are whole numbers; false: the ends are ticks.</param>
    public ChartAxis(double low, double high, double start, double end, bool tight)
    {
        double span = high > low ? high - low : Math.Max(1, Math.Abs(high));
        double step = RoundStep(span / MostTicks);
        if (tight) step = Math.Max(1, step);
        bool asGiven = tight && high > low;
        Low = asGiven ? low : Math.Floor(low / step) * step;
        _high = asGiven ? high : Math.Max(Low + step, Math.Ceiling(high / step) * step);
        (_start, _end) = (start, end);
        int first = (int)Math.Ceiling(Low / step - 1e-9), last = (int)Math.Floor(_high / step + 1e-9);
        Ticks = [.. Enumerable.Range(first, last - first + 1).Select(i => i * step)];
    }

    public double Low { get; }

    public IReadOnlyList<double> Ticks { get; }

    public double Place(double value) => _start + (value - Low) / (_high - Low) * (_end - _start);

    /// <summary>The smallest of 1, 2, 5 times a power of ten that is not below <paramref name="least"/>.</summary>
    static double RoundStep(double least)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        foreach (int factor in (ReadOnlySpan<int>)[1, 2, 5])
            if (factor * power >= least * (1 - 1e-9)) return factor * power;
        return 10 * power;
    }
}
