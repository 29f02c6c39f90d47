using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>
/// Intervals of means whose values are alike within groups, such as the captions of one kind of sound: whole groups are drawn with
/// replacement, as many as there are (Efron and Tibshirani 1993, chapter 8), and the mean over all queries drawn is taken, each time anew.
/// The numbers drawn are always the same, so that equal values give equal intervals.
/// </summary>
internal sealed class GroupBootstrap
{
    /// <summary>Draws of as many groups as there are.</summary>
    public const int Resamples = 10_000;

    const int Outside = Resamples / 40; // 2.5 % at each end

    readonly int[] _groupOfQuery;
    readonly int[] _sizes;

    /// <param name="groupOfQuery">Number of each query's group; groups without a query are none.</param>
    public GroupBootstrap(IReadOnlyList<int> groupOfQuery)
    {
        var place = new Dictionary<int, int>();
        foreach (int group in groupOfQuery) place.TryAdd(group, place.Count);
        _groupOfQuery = [.. groupOfQuery.Select(group => place[group])];
        _sizes = new int[place.Count];
        foreach (int group in _groupOfQuery) _sizes[group]++;
    }

    /// <summary>The mean of all values with the percentiles of the draws' means.</summary>
    /// <param name="values">One per query.</param>
    public Estimate OfMean(ReadOnlySpan<double> values)
    {
        if (values.Length != _groupOfQuery.Length) throw new ShapeException($"{values.Length} values of {_groupOfQuery.Length} queries");
        var sums = new double[_sizes.Length];
        for (int query = 0; query < values.Length; query++) sums[_groupOfQuery[query]] += values[query];
        var means = new double[Resamples];
        var random = new PhiloxSequence(new Philox(0));
        for (int draw = 0; draw < Resamples; draw++)
        {
            double sum = 0;
            long count = 0;
            for (int i = 0; i < sums.Length; i++)
            {
                int group = random.NextBelow(sums.Length);
                sum += sums[group];
                count += _sizes[group];
            }
            means[draw] = sum / count;
        }
        Array.Sort(means);
        double average = means.Average(), squares = means.Sum(mean => (mean - average) * (mean - average));
        return new(sums.Sum() / values.Length, Math.Sqrt(squares / (Resamples - 1)))
        {
            Percentiles = (means[Outside - 1], means[Resamples - Outside]),
        };
    }
}
