using System.Text.Json.Nodes;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Fusion;

namespace NativeRetrieval.Evaluation.Metrics;

/// <summary>Differences between the figures of two systems on the same queries and clips, in both directions.</summary>
/// <param name="TextToAudio">Differences where texts are the queries.</param>
/// <param name="AudioToText">Differences where clips are the queries.</param>
public sealed record EvaluationComparison(RankingDifference TextToAudio, RankingDifference AudioToText)
{
    /// <summary>The first system's figures less the other's.</summary>
    /// <param name="scores">The system's scores; those of several are not fused: of each query the mean over them counts.</param>
    /// <param name="other">The other system's scores, or likewise those of several.</param>
    /// <param name="groups">Groups by which intervals are computed; null: queries count as independent.</param>
    /// <exception cref="ShapeException">The systems ranked other queries or clips than each other.</exception>
    public static EvaluationComparison Compute(IReadOnlyList<FusedScores> scores, IReadOnlyList<FusedScores> other, Relevance relevance,
        QueryGroups? groups = null) =>
        new(RankingDifference.Compute(EvaluationReport.Texts(scores), EvaluationReport.Texts(other), relevance, groups?.OfQuery),
            RankingDifference.Compute(EvaluationReport.AnsweringClips(scores, relevance), EvaluationReport.AnsweringClips(other, relevance),
                relevance.Transpose(), EvaluationReport.GroupsOfClips(relevance, groups)));

    /// <summary>
    /// The differences as JSON: <c>{"text_to_audio":{…},"audio_to_text":{…}}</c>, where each direction has <c>queries</c>, <c>r1</c>,
    /// <c>r5</c>, <c>r10</c>, <c>map10</c>, <c>map16</c> and their 95 % intervals, <c>r1_ci95</c> to <c>map16_ci95</c>, as
    /// <c>[low, high]</c>.
    /// </summary>
    public JsonObject ToJson() => new() { ["text_to_audio"] = ToJson(TextToAudio), ["audio_to_text"] = ToJson(AudioToText) };

    static JsonObject ToJson(RankingDifference difference)
    {
        var json = new JsonObject { ["queries"] = difference.Queries };
        (string Name, Estimate Value)[] figures =
        [
            ("r1", difference.R1), ("r5", difference.R5), ("r10", difference.R10), ("map10", difference.Map10), ("map16", difference.Map16),
        ];
        foreach (var (name, figure) in figures) json[name] = figure.Value;
        foreach (var (name, figure) in figures) json[name + "_ci95"] = EvaluationReport.Interval(figure);
        return json;
    }
}
