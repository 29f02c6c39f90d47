using System.Text.Json;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Parity.Cases;

/// <summary>Rankings against the reference evaluation's figures for the same embeddings.</summary>
static class MetricCases
{
    const string Vectors = "metrics.safetensors", Figures = "metrics.json";
    const int Captions = 300, Clips = 60, Width = 16;

    public static IEnumerable<ParityCase> All =>
    [
        new("metrics: one relevant clip per caption", 1e-12, [Vectors, Figures], One) { Unit = "absolute" },
        new("metrics: several relevant clips per caption", 1e-12, [Vectors, Figures], Several) { Unit = "absolute" },
    ];

    static WorstError One(ParityFolder folder)
    {
        var (scores, _, golden) = Read(folder);
        var report = EvaluationReport.Compute(scores, new Relevance(Enumerable.Range(0, Captions).Select(i => new[] { i / (Captions / Clips) }), Clips));
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
        Add("t2a standard error of mAP@10", golden.GetProperty("t2a_mAP10_jackknife_se_percent").GetDouble() / 100, report.TextToAudio.Map10.StandardError);
        return worst;

        void Add(string what, double expected, double actual) => worst.Add(Math.Abs(expected - actual), what);
    }

    static WorstError Several(ParityFolder folder)
    {
        var (scores, flags, golden) = Read(folder);
        var relevance = new Relevance(Enumerable.Range(0, Captions).Select(query => Enumerable.Range(0, Clips).Where(clip => flags[query * Clips + clip] == 1)), Clips);
        var figures = golden.GetProperty("several_relevant");
        double map16 = Enumerable.Range(0, Captions).Average(query =>
            RankingMetrics.AveragePrecision([.. relevance.ItemsOf(query).ToArray().Select(clip => scores.Rank(query, clip)).Order()], 16));
        var worst = new WorstError();
        worst.Add(Math.Abs(figures.GetProperty("mAP10").GetDouble() - RankingMetrics.Compute(scores, relevance).Map10.Value), "mAP@10");
        worst.Add(Math.Abs(figures.GetProperty("mAP16").GetDouble() - map16), "mAP@16");
        return worst;
    }

    static (SimilarityMatrix, long[] Flags, JsonElement) Read(ParityFolder folder)
    {
        using var vectors = folder.Open(Vectors);
        using var figures = JsonDocument.Parse(File.ReadAllBytes(folder.Require(Figures)));
        var scores = SimilarityMatrix.Cosine(vectors.ReadFloat32("captions_5_per_audio"), vectors.ReadFloat32("audio"), Width);
        return (scores, vectors.ReadInt64("relevant"), figures.RootElement.Clone());
    }
}
