using System.Globalization;
using System.Text.Json;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Parity.Cases;

/// <summary>Rankings against the reference evaluation's figures for the same embeddings.</summary>
static class MetricCases
{
    const string Vectors = "metrics.safetensors", Figures = "metrics.json";

    public static IEnumerable<ParityCase> All =>
    [
        new("metrics: one relevant clip per caption", 1e-12, [Vectors, Figures], One) { Unit = "absolute" },
        new("metrics: several relevant clips per caption", 1e-12, [Vectors, Figures], Several) { Unit = "absolute" },
    ];

    static WorstError One(ParityFolder folder)
    {
        var (scores, _, golden) = Read(folder);
        int captionsPerClip = scores.Queries / scores.Items;
        var report = EvaluationReport.Compute(scores,
            new Relevance(Enumerable.Range(0, scores.Queries).Select(query => new[] { query / captionsPerClip }), scores.Items));
        var worst = new WorstError();
        foreach (var (name, metrics) in new[] { ("t2a", report.TextToAudio), ("a2t", report.AudioToText) })
        {
            var figures = golden.GetProperty(name);
            Add($"{name} R@1", figures.GetProperty("R1").GetDouble() / 100, metrics.R1.Value);
            Add($"{name} R@5", figures.GetProperty("R5").GetDouble() / 100, metrics.R5.Value);
            Add($"{name} R@10", figures.GetProperty("R10").GetDouble() / 100, metrics.R10.Value);
            Add($"{name} median rank", figures.GetProperty("medR").GetDouble(), metrics.MedianRank);
            Add($"{name} mean rank", figures.GetProperty("meanR").GetDouble(), metrics.MeanRank);
        }
        Add("t2a mAP@10", golden.GetProperty("t2a_mAP10_percent").GetDouble() / 100, report.TextToAudio.Map10.Value);
        Add("t2a standard error of mAP@10", golden.GetProperty("t2a_mAP10_jackknife_se_percent").GetDouble() / 100,
            report.TextToAudio.Map10.StandardError);
        return worst;

        void Add(string what, double expected, double actual) => worst.Add(Math.Abs(expected - actual), what);
    }

    static WorstError Several(ParityFolder folder)
    {
        var (scores, flags, golden) = Read(folder);
        var relevance = new Relevance(Enumerable.Range(0, scores.Queries)
            .Select(query => Enumerable.Range(0, scores.Items).Where(clip => flags[query * scores.Items + clip] == 1)), scores.Items);
        var worst = new WorstError();
        foreach (var figure in golden.GetProperty("several_relevant").EnumerateObject())
        {
            int depth = int.Parse(figure.Name["mAP".Length..], CultureInfo.InvariantCulture);
            double precision = depth == 10 ? RankingMetrics.Compute(scores, relevance).Map10.Value
                : Enumerable.Range(0, scores.Queries).Average(query => RankingMetrics.AveragePrecision(Ranks(query), depth));
            worst.Add(Math.Abs(figure.Value.GetDouble() - precision), $"mAP@{depth}");
        }
        return worst;

        int[] Ranks(int query) => [.. relevance.ItemsOf(query).ToArray().Select(clip => scores.Rank(query, clip)).Order()];
    }

    static (SimilarityMatrix, long[] Flags, JsonElement) Read(ParityFolder folder)
    {
        using var vectors = folder.Open(Vectors);
        using var figures = SmallFile.ReadJson(folder.Require(Figures), ParityFolder.LargestFileBytes);
        string captions = vectors.Names.Single(name => name.StartsWith("captions_", StringComparison.Ordinal));
        var scores = SimilarityMatrix.Cosine(vectors.ReadFloat32(captions), vectors.ReadFloat32("audio"), vectors.Sizes("audio")[1]);
        return (scores, vectors.ReadInt64("relevant"), figures.RootElement.Clone());
    }
}
