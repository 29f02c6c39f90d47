using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Evaluation.Tests.Metrics;

/// <summary>Intervals by groups against distributions that are counted by hand.</summary>
public sealed class GroupBootstrapTests
{
    [Theory]
    // Of two groups both draws are the same in half of the cases: means 0, 3/4 and 1 have the probabilities 1/4, 1/2 and 1/4.
    [InlineData(new double[] { 1, 1, 1, 0 }, new[] { 0, 0, 0, 1 }, 0.75, 0, 1)]
    // Of four groups the one with 1 is drawn k times with probability (4 over k)·(1/4)^k·(3/4)^(4-k):
    // P(k = 0) = 0.316, P(k <= 2) = 0.949, P(k <= 3) = 0.996.
    [InlineData(new double[] { 0, 0, 0, 1 }, new[] { 0, 1, 2, 3 }, 0.25, 0, 0.75)]
    // Groups of equal means have no spread, whatever lies within them and whatever they are numbered.
    [InlineData(new double[] { 0, 1, 1, 0, 0, 1 }, new[] { 7, 7, 3, 3, 9, 9 }, 0.5, 0.5, 0.5)]
    public void An_interval_is_that_of_whole_groups(double[] values, int[] groups, double mean, double low, double high)
    {
        var estimate = new GroupBootstrap(groups).OfMean(values);
        Assert.Equal(mean, estimate.Value, 1e-15);
        Assert.Equal((low, high), (estimate.Low, estimate.High));
    }

    /// <summary>The exact distribution of five groups, all 5^5 draws of them.</summary>
    [Fact]
    public void Percentiles_and_spread_are_those_of_all_draws()
    {
        double[] values = [0.1, 0.3, 0.2, 0.9, 0.8, 0.5, 0.7];
        int[] groups = [0, 0, 1, 2, 2, 3, 4];
        var means = new List<double>();
        for (int draw = 0; draw < 3125; draw++)
        {
            int[] drawn = [draw % 5, draw / 5 % 5, draw / 25 % 5, draw / 125 % 5, draw / 625];
            double[] of = [.. drawn.SelectMany(group => values.Where((_, query) => groups[query] == group))];
            means.Add(of.Average());
        }
        means.Sort();
        double average = means.Average(), spread = Math.Sqrt(means.Average(mean => (mean - average) * (mean - average)));
        var estimate = new GroupBootstrap(groups).OfMean(values);
        Assert.Equal(spread, estimate.StandardError, 0.02 * spread);
        // 10,000 draws miss a percentile by less than four times √(0.025·0.975/10,000) = 0.6 % of the draws.
        Assert.InRange(estimate.Low, means[(int)(0.0188 * means.Count)], means[(int)(0.0312 * means.Count)]);
        Assert.InRange(estimate.High, means[(int)(0.9688 * means.Count)], means[(int)(0.9812 * means.Count)]);
    }

    [Fact]
    public void Repeating_the_queries_of_each_group_makes_the_jackknife_surer_and_not_the_groups()
    {
        double[] values = [0, 0.2, 1, 0.6];
        int[] groups = [0, 1, 2, 3];
        var (once, often) = (new GroupBootstrap(groups).OfMean(values),
            new GroupBootstrap([.. groups, .. groups, .. groups]).OfMean([.. values, .. values, .. values]));
        Assert.Equal(once.Low, often.Low, 1e-15);
        Assert.Equal(once.High, often.High, 1e-15);
        Assert.True(Estimate.OfMean([.. values, .. values, .. values]).StandardError < Estimate.OfMean(values).StandardError / 1.5);
        Assert.Throws<ShapeException>(() => new GroupBootstrap(groups).OfMean([1]));
    }
}
