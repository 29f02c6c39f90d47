using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Evaluation.Tests.Fusion;

public sealed class ScoreFusionTests
{
    [Fact]
    public void RanksAreFusedByTheSumOfTheirReciprocals()
    {
        // Ranks of three items: 1 2 3, and 3 1 2.
        SimilarityMatrix[] models = [new([3, 2, 1], 1, 3), new([-9, 5, 0], 1, 3)];
        double[] expected = [1.0 / 61 + 1.0 / 63, 1.0 / 62 + 1.0 / 61, 1.0 / 63 + 1.0 / 62];
        float[] fused = ScoreFusion.ReciprocalRank(models).Row(0).ToArray();
        for (int item = 0; item < 3; item++) Assert.Equal(expected[item], fused[item], 1e-8);
    }

    [Fact]
    public void EachDirectionFusesItsOwnRanks()
    {
        var models = Random(3, 7, 5);
        var fused = ScoreFusion.Fuse(models, FusionRule.Rank);
        Assert.Equal((7, 5, 5, 7),
            (fused.TextToAudio.Queries, fused.TextToAudio.Items, fused.AudioToText.Queries, fused.AudioToText.Items));
        for (int clip = 0; clip < 5; clip++)
            for (int text = 0; text < 7; text++)
                Assert.Equal(models.Sum(model => 1.0 / (60 + model.Transpose().Rank(clip, text))), fused.AudioToText.Row(clip)[text], 1e-8);
    }

    [Fact]
    public void ASingleModelKeepsItsScoresUnderEveryRule()
    {
        var model = Random(1, 4, 6);
        foreach (var rule in Enum.GetValues<FusionRule>())
            Assert.Equal(model[0].Row(2), ScoreFusion.Fuse(model, rule, [1]).TextToAudio.Row(2));
    }

    [Fact]
    public void WeightsWeigh()
    {
        SimilarityMatrix[] models = [new([1, 2], 1, 2), new([3, 6], 1, 2)];
        Assert.Equal([1.5f, 3], ScoreFusion.Weighted(models, [0.75, 0.25]).Row(0));
        Assert.Equal([1, 2], ScoreFusion.Weighted(models, [1, 0]).Row(0));
    }

    [Theory]
    [InlineData(new[] { 1.0 }, "1 weights (1) for 2 models")]
    [InlineData(new[] { 1.5, -0.5 }, "at least 0")]
    [InlineData(new[] { 0.5, 0.4 }, "sum to 0.9")]
    [InlineData(new[] { double.NaN, 1 }, "at least 0")]
    public void WhatAreNoWeightsIsRefused(double[] weights, string message) =>
        Assert.Contains(message, Assert.Throws<OptionException>(() => ScoreFusion.Weighted(Random(2, 2, 2), weights)).Message);

    [Fact]
    public void ModelsOfDifferentDataAreRefused() =>
        Assert.Contains("the same texts and clips",
            Assert.Throws<ShapeException>(() => ScoreFusion.Mean([.. Random(1, 2, 2), .. Random(1, 3, 2)])).Message);

    [Fact]
    public void FittedWeightsFindTheModelThatKnows()
    {
        // The first model ranks at random, the second knows, faintly.
        const int queries = 60, items = 30;
        var relevance = new Relevance(Enumerable.Range(0, queries).Select(query => new[] { query % items }), items);
        var noise = Random(1, queries, items)[0];
        var knowing = Scores(queries, items, (query, item) => item == query % items ? 0.02f : 0);
        var fit = WeightSearch.Fit([noise, knowing], relevance);
        Assert.Equal(1, fit.Map10);
        Assert.True(fit.Weights[1] > 0.9, string.Join(" ", fit.Weights));
        Assert.True(fit.EqualMap10 < 0.6);
        Assert.Equal(fit.Map10, RankingMetrics.Compute(ScoreFusion.Weighted([noise, knowing], fit.Weights), relevance).Map10.Value);
        Assert.Equal(fit.Weights, WeightSearch.Fit([noise, knowing], relevance).Weights);
    }

    [Fact]
    public void WeightsThatChangeNothingStayEqual()
    {
        var relevance = new Relevance(Enumerable.Range(0, 20).Select(query => new[] { query % 10 }), 10);
        var model = Random(1, 20, 10)[0];
        Assert.Equal([1.0 / 3, 1.0 / 3, 1.0 / 3], WeightSearch.Fit([model, model, model], relevance).Weights);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(9)]
    public void FittedWeightsAreWeightsAndNoWorseThanEqualOrSingle(int count)
    {
        var relevance = new Relevance(Enumerable.Range(0, 40).Select(query => new[] { query % 12, (query + 5) % 12 }), 12);
        var models = Random(count, 40, 12);
        var fit = WeightSearch.Fit(models, relevance);
        ScoreFusion.RequireWeights(fit.Weights, count);
        Assert.True(fit.Map10 >= fit.EqualMap10);
        Assert.All(models, model => Assert.True(fit.Map10 >= RankingMetrics.Compute(model, relevance).Map10.Value));
    }

    static SimilarityMatrix[] Random(int models, int queries, int items)
    {
        var random = new PhiloxSequence(new Philox(11));
        return [.. Enumerable.Range(0, models).Select(_ => Scores(queries, items, (_, _) => random.NextUniform() - 0.5f))];
    }

    static SimilarityMatrix Scores(int queries, int items, Func<int, int, float> score) =>
        new([.. Enumerable.Range(0, queries * items).Select(i => score(i / items, i % items))], queries, items);
}
