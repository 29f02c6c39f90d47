using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Evaluation.Fusion;
using NativeRetrieval.Evaluation.Metrics;
using NativeRetrieval.Evaluation.Submissions;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Evaluation.Tests.Metrics;

public sealed class RankingMetricsTests
{
    [Fact]
    public void EqualScoresAreOrderedByIndexLowerFirst()
    {
        var scores = new SimilarityMatrix([0.5f, 0.9f, 0.5f, 0.5f, 0.1f], 1, 5);
        Assert.Equal([2, 1, 3, 4, 5], Enumerable.Range(0, 5).Select(item => scores.Rank(0, item)));
        Assert.Equal([1, 0, 2], scores.Best(0, 3));
        Assert.Equal([1, 0, 2, 3, 4], scores.Best(0, 9));
    }

    [Fact]
    public void BestAndRankAgreeOnRandomScoresWithTies()
    {
        var random = new PhiloxSequence(new Philox(5));
        var scores = new SimilarityMatrix([.. Enumerable.Range(0, 200).Select(_ => (float)random.NextBelow(12))], 4, 50);
        for (int query = 0; query < 4; query++)
        {
            int[] best = scores.Best(query, 10);
            Assert.Equal(Enumerable.Range(1, 10), best.Select(item => scores.Rank(query, item)));
        }
    }

    [Fact]
    public void EqualRowsGetEqualScoresWhereverTheyStand()
    {
        var random = new PhiloxSequence(new Philox(6));
        const int Width = 37, Rows = 141;
        float[] row = [.. Enumerable.Range(0, Width).Select(_ => random.NextUniform() - 0.5f)];
        float[] items = [.. Enumerable.Range(0, Rows).SelectMany(i => i % 2 == 0 ? row : row.Select(x => x + 0.01f))];
        float[] queries = [.. Enumerable.Range(0, 50 * Width).Select(_ => random.NextUniform() - 0.5f)];
        var scores = SimilarityMatrix.Cosine(queries, items, Width);
        for (int query = 0; query < 50; query++)
            for (int item = 0; item < Rows; item++) Assert.Equal(scores.Row(query)[item % 2], scores.Row(query)[item]);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 4, 8)]
    [InlineData(4, 5, 9)]
    [InlineData(50, 131, 1024)]
    public void CosineIsWithinRoundingOfFloat64(int rows, int columns, int width)
    {
        var random = new PhiloxSequence(new Philox(7));
        float[] a = [.. Enumerable.Range(0, rows * width).Select(_ => random.NextUniform() - 0.4f)];
        float[] b = [.. Enumerable.Range(0, columns * width).Select(_ => random.NextUniform() - 0.6f)];
        var scores = SimilarityMatrix.Cosine(a, b, width);
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
            {
                double dot = 0, aa = 0, bb = 0;
                for (int k = 0; k < width; k++)
                {
                    double x = a[i * width + k], y = b[j * width + k];
                    (dot, aa, bb) = (dot + x * y, aa + x * x, bb + y * y);
                }
                Assert.Equal(dot / Math.Sqrt(aa * bb), scores.Row(i)[j], 1e-6);
            }
    }

    [Fact]
    public void AveragePrecisionDividesByTheSmallerOfDepthAndRelevantItems()
    {
        Assert.Equal(0.25, RankingMetrics.AveragePrecision([4], 10));
        Assert.Equal(0, RankingMetrics.AveragePrecision([11], 10));
        Assert.Equal((1.0 + 2.0 / 3) / 3, RankingMetrics.AveragePrecision([1, 3, 40], 10), 1e-15);
        Assert.Equal(1, RankingMetrics.AveragePrecision([.. Enumerable.Range(1, 25)], 10), 1e-15);
    }

    /// <summary>
    /// Twenty items in the order of their scores. Query 0 has those ranked 1, 3, 12 and 20, query 1 all of rank 1 to 16, query 2 rank 5.
    /// </summary>
    [Fact]
    public void SeveralRightAnswersHaveFiguresOverAllOfThemBesideThoseOverTheDepth()
    {
        var scores = new SimilarityMatrix([.. Enumerable.Range(0, 60).Select(i => 20f - i % 20)], 3, 20);
        var metrics = RankingMetrics.Compute(scores, new Relevance([[0, 2, 11, 19], Enumerable.Range(0, 16), [4]], 20));
        Assert.True(metrics.HasSeveralRelevant);
        Assert.Equal(2.0 / 3, metrics.R1.Value, 1e-15);
        Assert.Equal((1.0 / 4 + 1.0 / 16 + 0) / 3, metrics.Recall1.Value, 1e-15);
        Assert.Equal((2.0 / 4 + 5.0 / 16 + 1) / 3, metrics.Recall5.Value, 1e-15);
        Assert.Equal((2.0 / 4 + 10.0 / 16 + 1) / 3, metrics.Recall10.Value, 1e-15);
        double first = 1 + 2.0 / 3;
        Assert.Equal((first / 4 + 1 + 1.0 / 5) / 3, metrics.Map10.Value, 1e-15);
        Assert.Equal((first / 4 + 10.0 / 16 + 1.0 / 5) / 3, metrics.Map10OfAll.Value, 1e-15);
        Assert.Equal(((first + 3.0 / 12) / 4 + 1 + 1.0 / 5) / 3, metrics.Map16OfAll.Value, 1e-15);

        var json = EvaluationReport.Compute(scores, new Relevance([[0, 2, 11, 19], Enumerable.Range(0, 16), [4]], 20)).ToJson();
        var direction = json["text_to_audio"]!;
        Assert.Equal(metrics.Map10OfAll.Value, direction["map10_all"]!.GetValue<double>());
        Assert.Equal(metrics.Map16OfAll.Value, direction["map16_all"]!.GetValue<double>());
        Assert.Equal(metrics.Recall5.Value, direction["recall5"]!.GetValue<double>());
        Assert.Equal([metrics.Recall5.Low, metrics.Recall5.High], direction["recall5_ci95"]!.AsArray().Select(x => x!.GetValue<double>()));
        Assert.Equal("jackknife", json["intervals"]!["method"]!.GetValue<string>());
    }

    [Fact]
    public void WithOneRightAnswerBothKindsOfFiguresAreEqual()
    {
        var metrics = RankingMetrics.Compute(new SimilarityMatrix([3, 2, 1, 3, 2, 1], 2, 3), new Relevance([[0], [2]], 3));
        Assert.False(metrics.HasSeveralRelevant);
        Assert.Equal((metrics.R1, metrics.R5, metrics.R10, metrics.Map10, metrics.Map16),
            (metrics.Recall1, metrics.Recall5, metrics.Recall10, metrics.Map10OfAll, metrics.Map16OfAll));
    }

    /// <summary>Three queries over four items: one system ranks their answers 1, 2 and 4, the other 3, 1 and 4.</summary>
    [Fact]
    public void SystemsThatAreNotFusedHaveTheMeansOfTheirFiguresQueryByQuery()
    {
        var relevance = new Relevance([[0], [1], [3]], 4);
        var first = new SimilarityMatrix([4, 3, 2, 1, 4, 3, 2, 1, 4, 3, 2, 1], 3, 4);
        var second = new SimilarityMatrix([2, 4, 3, 1, 3, 4, 2, 1, 4, 3, 2, 1], 3, 4);
        double[] perQuery = [(1 + 1.0 / 3) / 2, (1.0 / 2 + 1) / 2, 1.0 / 4];
        var metrics = RankingMetrics.Compute([first, second], relevance);
        var expected = Estimate.OfMean(perQuery);
        Assert.Equal(expected.Value, metrics.Map10.Value, 1e-15);
        Assert.Equal(expected.Low, metrics.Map10.Low, 1e-15);
        Assert.Equal((1.0 / 2 + 1.0 / 2 + 0) / 3, metrics.R1.Value, 1e-15);
        Assert.Equal((1 + 2 + 4 + 3 + 1 + 4) / 6.0, metrics.MeanRank, 1e-15);
        Assert.Equal((3, 2.0), (metrics.Queries, metrics.MedianRank));

        var difference = RankingDifference.Compute([first, second], [second], relevance);
        var expectedDifference = Estimate.OfMean([perQuery[0] - 1.0 / 3, perQuery[1] - 1, 0]);
        Assert.Equal(expectedDifference.Value, difference.Map10.Value, 1e-15);
        Assert.Equal(expectedDifference.StandardError, difference.Map10.StandardError, 1e-15);
    }

    [Fact]
    public void TheMedianOfAnEvenNumberOfRanksIsRoundedDown()
    {
        // Ranks 1 and 2: the median 1.5 counts as 1.
        var metrics = RankingMetrics.Compute(new SimilarityMatrix([2, 1, 2, 1], 2, 2), new Relevance([[0], [1]], 2));
        Assert.Equal((1.0, 1.5), (metrics.MedianRank, metrics.MeanRank));
    }

    [Fact]
    public void TheStandardErrorIsTheJackknifes()
    {
        double[] values = [0, 1, 0.5, 0.25, 1, 1, 0];
        int n = values.Length;
        double[] without = [.. values.Select(value => (values.Sum() - value) / (n - 1))];
        double error = Math.Sqrt((n - 1.0) / n * without.Sum(x => Math.Pow(x - without.Average(), 2)));
        var estimate = Estimate.OfMean(values);
        Assert.Equal(error, estimate.StandardError, 1e-15);
        Assert.Equal(values.Average() + 1.959963984540054 * error, estimate.High, 1e-15);
        Assert.Equal(0, Estimate.OfMean([0.3]).StandardError);
    }

    [Fact]
    public void EmbeddingsThatAreNotFiniteAreRefused() =>
        Assert.Contains("query 1 and item 0",
            Assert.Throws<OptionException>(() => SimilarityMatrix.Cosine([1, 0, float.NaN, 1], [1, 1, 0, 1], 2)).Message);

    [Fact]
    public void AQueryWithoutAnswerIsRefused() =>
        Assert.Contains("query 1 has no relevant item", Assert.Throws<OptionException>(() => new Relevance([[0], []], 2)).Message);

    [Fact]
    public void RelevanceRulesMakeTheirQueries()
    {
        var data = new Dataset("x.csv",
            [Clip("a", "Rain falls", "wind"), Clip("b", "rain falls", "a dog"), Clip("c", "wind", "rain falls")]);
        var own = RetrievalTask.From(data, RelevanceRule.Own, text => text.ToLowerInvariant());
        Assert.Equal(6, own.Texts.Count);
        Assert.Equal([0, 0, 1, 1, 2, 2], Enumerable.Range(0, 6).Select(query => Assert.Single(own.TextToClips.ItemsOf(query).ToArray())));

        var same = RetrievalTask.From(data, RelevanceRule.SameText, text => text.ToLowerInvariant());
        Assert.Equal(["Rain falls", "wind", "a dog"], same.Texts);
        Assert.Equal([0, 1, 2], same.TextToClips.ItemsOf(0));
        Assert.Equal([0, 2], same.TextToClips.ItemsOf(1));
        Assert.Equal([0, 1], same.TextToClips.Transpose().ItemsOf(0));
        Assert.Equal([0, 2], same.TextToClips.Transpose().ItemsOf(1));
        Assert.Equal(4, RetrievalTask.From(data, RelevanceRule.SameText, text => text).Texts.Count);
    }

    [Fact]
    public void TheSmallDataSetHasItsKnownQueries()
    {
        if (Fixtures.Shared("data/esc") is not { } folder) { Assert.Skip(Fixtures.WhyAbsent("data/esc")); return; }
        var data = CaptionCsv.Read(Path.Combine(folder, "test.csv"), Path.Combine(folder, "audio"));
        var same = RetrievalTask.From(data, RelevanceRule.SameText, text => text);
        Assert.Equal((133, 250, 665),
            (data.Clips.Count, same.Texts.Count, RetrievalTask.From(data, RelevanceRule.Own, text => text).Texts.Count));
        Assert.Equal(665, Enumerable.Range(0, 250).Sum(query => same.TextToClips.ItemsOf(query).Length));
    }

    [Fact]
    public void RankCountsWhatIsBetterOrEqualAndEarlierInRowsOfAnyLength()
    {
        var random = new PhiloxSequence(new Philox(8));
        foreach (int items in (int[])[1, 2, 7, 8, 9, 31, 64, 65, 100])
        {
            var scores = new SimilarityMatrix([.. Enumerable.Range(0, items)
                .Select(_ => random.NextBelow(5) - 2 + (random.NextBelow(2) == 0 ? -0f : 0f))], 1, items);
            int[] order = [.. Enumerable.Range(0, items).OrderByDescending(item => scores.Row(0)[item])]; // stable
            Assert.Equal(order, scores.Order(0));
            for (int rank = 1; rank <= items; rank++) Assert.Equal(rank, scores.Rank(0, order[rank - 1]));
        }
    }

    [Fact]
    public void ClipsThatAnswerNothingAreRankedButAreNoQueries()
    {
        var relevance = new Relevance([[2], [0, 2]], 3);
        Assert.Equal([0, 2], relevance.RelevantItems);
        var report = EvaluationReport.Compute(new SimilarityMatrix([0.1f, 0.9f, 0.5f, 0.2f, 0.8f, 0.3f], 2, 3), relevance);
        Assert.Equal((2, 2), (report.TextToAudio.Queries, report.AudioToText.Queries));
        // Ranks 2; and 2 and 3.
        Assert.Equal((0.5 + (1.0 / 2 + 2.0 / 3) / 2) / 2, report.TextToAudio.Map10.Value, 1e-15);
        Assert.Equal((1.0, 1.0), (report.AudioToText.R1.Value, report.AudioToText.Map10.Value));
    }

    [Fact]
    public void TheHardestQueriesComeWithWhatCameFirst()
    {
        var scores = new SimilarityMatrix([0.9f, 0.1f, 0.2f, 0.9f, 0.5f, 0.1f, 0.1f, 0.2f, 0.9f], 3, 3);
        var hard = HardQuery.Find(scores, new Relevance([[1, 2], [2], [2]], 3), 2);
        Assert.Equal([new HardQuery(1, 3, 2, 0.1f, 0, 0.9f), new HardQuery(0, 2, 2, 0.2f, 0, 0.9f)], hard);
        Assert.Empty(HardQuery.Find(scores, new Relevance([[1], [2], [2]], 3), 0));
    }

    [Fact]
    public void TheScoreMatrixHasOneRowForEachDistinctQueryAndQuotesWhatItMust()
    {
        using var folder = new TemporaryFolder();
        ScoresCsv.Write(folder["out.csv"], ["A dog, barking", "say \"hi\"", "ü", "A dog, barking"], ["a, b.wav", "é.wav"],
            new SimilarityMatrix([0.5f, -1, 0.1f, 1e-7f, 0, 1, 0.5f, -1], 4, 2));
        Assert.Equal("index,\"a, b.wav\",é.wav\n\"A dog, barking\",0.5,-1\n\"say \"\"hi\"\"\",0.1,1E-07\nü,0,1\n",
            File.ReadAllText(folder["out.csv"]));
    }

    [Fact]
    public void AnEnsembleAveragesScores()
    {
        var mean = ScoreFusion.Mean([new SimilarityMatrix([1, 2], 1, 2), new SimilarityMatrix([3, 6], 1, 2)]);
        Assert.Equal([2, 4], mean.Row(0));
    }

    [Fact]
    public void TheJsonReportHasTheDocumentedShape()
    {
        var scores = new SimilarityMatrix([3, 2, 1, 3], 2, 2);
        var json = EvaluationReport.Compute(scores, new Relevance([[0], [1]], 2)).ToJson();
        Assert.Equal(1, (int)json["schema_version"]!);
        foreach (string direction in (string[])["text_to_audio", "audio_to_text"])
        {
            var metrics = json[direction]!.AsObject();
            Assert.Equal(["queries", "r1", "r5", "r10", "map10", "median_rank", "mean_rank", "map16", "r1_ci95", "r5_ci95", "r10_ci95",
                "map10_ci95", "map16_ci95", "recall1", "recall5", "recall10", "map10_all", "map16_all", "recall1_ci95", "recall5_ci95",
                "recall10_ci95", "map10_all_ci95", "map16_all_ci95"], metrics.Select(pair => pair.Key));
            Assert.Equal([1.0, 1.0], metrics["map10_ci95"]!.AsArray().Select(value => (double)value!));
        }
    }

    [Fact]
    public void TheSubmissionListsTenFilesAndQuotesCommas()
    {
        using var folder = new TemporaryFolder();
        string[] files = [.. Enumerable.Range(0, 12).Select(i => i == 11 ? "k, l.wav" : $"{i}.wav")];
        SubmissionCsv.Write(folder["out.csv"], ["A dog, barking", "say \"hi\""], files,
            new SimilarityMatrix([.. Enumerable.Range(0, 24).Select(i => (float)(i % 12))], 2, 12));
        string[] lines = File.ReadAllText(folder["out.csv"]).Split('\n');
        Assert.Equal("caption,file_name_1,file_name_2,file_name_3,file_name_4,file_name_5,"
            + "file_name_6,file_name_7,file_name_8,file_name_9,file_name_10", lines[0]);
        Assert.Equal("\"A dog, barking\",\"k, l.wav\",10.wav,9.wav,8.wav,7.wav,6.wav,5.wav,4.wav,3.wav,2.wav", lines[1]);
        Assert.StartsWith("\"say \"\"hi\"\"\",", lines[2]);
        Assert.Equal(("", 4), (lines[3], lines.Length));
    }

    static Clip Clip(string name, params string[] captions) => new(name + ".wav", name, captions, 0);
}
