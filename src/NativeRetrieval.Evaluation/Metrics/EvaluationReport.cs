using System.Text.Json.Nodes;
using NativeRetrieval.Evaluation.Fusion;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>Both directions of an evaluation.</summary>
public sealed record EvaluationReport(RankingMetrics TextToAudio, RankingMetrics AudioToText)
{
    const int SchemaVersion = 1;

    /// <param name="textToClips">Scores of every text against every clip.</param>
    public static EvaluationReport Compute(SimilarityMatrix textToClips, Relevance relevance) =>
        Compute(new FusedScores(textToClips, textToClips.Transpose()), relevance);

    /// <summary>Clips that answer no text are ranked among the others and are no queries themselves.</summary>
    public static EvaluationReport Compute(FusedScores scores, Relevance relevance)
    {
        var clips = relevance.RelevantItems.Count == relevance.ItemCount ? scores.AudioToText : scores.AudioToText.Rows([.. relevance.RelevantItems]);
        return new(RankingMetrics.Compute(scores.TextToAudio, relevance), RankingMetrics.Compute(clips, relevance.Transpose()));
    }

    /// <summary>
    /// <c>{"schema_version":1,"text_to_audio":{"queries":…,"r1":…,"r5":…,"r10":…,"map10":…,"median_rank":…,"mean_rank":…,"map16":…,"r1_ci95":[low,high],…,"map10_ci95":[…],"map16_ci95":[…]},"audio_to_text":{…}}</c>,
    /// shares between 0 and 1.
    /// </summary>
    public JsonObject ToJson() => new()
    {
        ["schema_version"] = SchemaVersion,
        ["text_to_audio"] = ToJson(TextToAudio),
        ["audio_to_text"] = ToJson(AudioToText),
    };

    static JsonObject ToJson(RankingMetrics metrics) => new()
    {
        ["queries"] = metrics.Queries,
        ["r1"] = metrics.R1.Value,
        ["r5"] = metrics.R5.Value,
        ["r10"] = metrics.R10.Value,
        ["map10"] = metrics.Map10.Value,
        ["median_rank"] = metrics.MedianRank,
        ["mean_rank"] = metrics.MeanRank,
        ["map16"] = metrics.Map16.Value,
        ["r1_ci95"] = Interval(metrics.R1),
        ["r5_ci95"] = Interval(metrics.R5),
        ["r10_ci95"] = Interval(metrics.R10),
        ["map10_ci95"] = Interval(metrics.Map10),
        ["map16_ci95"] = Interval(metrics.Map16),
    };

    static JsonArray Interval(Estimate estimate) => new(estimate.Low, estimate.High);
}
