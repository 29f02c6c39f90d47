using System.Text.Json.Nodes;
using NativeRetrieval.Evaluation.Fusion;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>The figures of an evaluation in both directions.</summary>
public sealed record EvaluationReport(RankingMetrics TextToAudio, RankingMetrics AudioToText)
{
    const int SchemaVersion = 1;

    /// <summary>The figures of one model's scores.</summary>
    /// <param name="textToClips">Scores of every text against every clip.</param>
    public static EvaluationReport Compute(SimilarityMatrix textToClips, Relevance relevance) =>
        Compute([new FusedScores(textToClips, textToClips.Transpose())], relevance);

    /// <summary>The figures of fused scores. Clips that answer no text are ranked among the others and are no queries themselves.</summary>
    /// <param name="systems">Scores of one system; those of several are not fused: of each query the mean over them counts.</param>
    /// <param name="groups">Groups by which intervals are computed; null: queries count as independent.</param>
    public static EvaluationReport Compute(IReadOnlyList<FusedScores> systems, Relevance relevance, QueryGroups? groups = null) =>
        new(RankingMetrics.Compute(Texts(systems), relevance, groups?.OfQuery),
            RankingMetrics.Compute(AnsweringClips(systems, relevance), relevance.Transpose(), GroupsOfClips(relevance, groups)))
        {
            Groups = groups,
        };

    internal static SimilarityMatrix[] Texts(IReadOnlyList<FusedScores> systems) => [.. systems.Select(scores => scores.TextToAudio)];

    /// <summary>The scores of the clips that answer a text: the queries of the other direction.</summary>
    internal static SimilarityMatrix[] AnsweringClips(IReadOnlyList<FusedScores> systems, Relevance relevance) =>
    [
        .. systems.Select(scores => relevance.RelevantItems.Count == relevance.ItemCount ? scores.AudioToText
            : scores.AudioToText.Rows([.. relevance.RelevantItems])),
    ];

    /// <summary>The group of each clip that answers a text; null: none are known.</summary>
    internal static int[]? GroupsOfClips(Relevance relevance, QueryGroups? groups) =>
        groups is null ? null : [.. relevance.RelevantItems.Select(clip => groups.OfClip[clip])];

    /// <summary>Groups by which the intervals were computed; null: queries counted as independent.</summary>
    public QueryGroups? Groups { get; init; }

    /// <summary>
    /// The figures as JSON, shares between 0 and 1: <c>{"schema_version":1,"text_to_audio":{…},"audio_to_text":{…}}</c>, where each
    /// direction has <c>queries</c>, <c>r1</c>, <c>r5</c>, <c>r10</c> (hit rates), <c>map10</c>, <c>median_rank</c>, <c>mean_rank</c>,
    /// <c>map16</c> (over min(k, relevant items)), <c>recall1</c>, <c>recall5</c>, <c>recall10</c> (shares of the relevant items found),
    /// <c>map10_all</c>, <c>map16_all</c> (over all relevant items), and the 95 % intervals <c>r1_ci95</c> to <c>map16_all_ci95</c> as
    /// <c>[low, high]</c>. <c>intervals</c> says how these were computed.
    /// </summary>
    public JsonObject ToJson() => new()
    {
        ["schema_version"] = SchemaVersion,
        ["text_to_audio"] = ToJson(TextToAudio),
        ["audio_to_text"] = ToJson(AudioToText),
        ["intervals"] = Groups is null ? new JsonObject { ["method"] = "jackknife" } : new JsonObject
        {
            ["method"] = "group_bootstrap", ["column"] = Groups.Column, ["groups"] = Groups.Count,
            ["resamples"] = GroupBootstrap.Resamples,
        },
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
        ["recall1"] = metrics.Recall1.Value,
        ["recall5"] = metrics.Recall5.Value,
        ["recall10"] = metrics.Recall10.Value,
        ["map10_all"] = metrics.Map10OfAll.Value,
        ["map16_all"] = metrics.Map16OfAll.Value,
        ["recall1_ci95"] = Interval(metrics.Recall1),
        ["recall5_ci95"] = Interval(metrics.Recall5),
        ["recall10_ci95"] = Interval(metrics.Recall10),
        ["map10_all_ci95"] = Interval(metrics.Map10OfAll),
        ["map16_all_ci95"] = Interval(metrics.Map16OfAll),
    };

    internal static JsonArray Interval(Estimate estimate) => new(estimate.Low, estimate.High);
}
