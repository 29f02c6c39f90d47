using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Cli.Commands;

/// <summary>An evaluation as a table or as JSON.</summary>
internal static class EvaluationOutput
{
    static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="hard">How many of the hardest queries are listed.</param>
    public static void Write(Terminal terminal, EvaluationOutcome outcome, IReadOnlyList<string> models, string fusion, int hard, bool json)
    {
        var report = outcome.Relevance is null ? null : EvaluationReport.Compute(outcome.Scores, outcome.Relevance);
        var hardest = outcome.Relevance is null ? [] : HardQuery.Find(outcome.Scores.TextToAudio, outcome.Relevance, hard);
        if (json)
        {
            var document = report?.ToJson() ?? new JsonObject { ["schema_version"] = JsonOutput.SchemaVersion, ["queries"] = outcome.Texts.Count };
            Add(document, outcome, models, fusion);
            if (hard > 0) document["hard"] = new JsonArray([.. hardest.Select(query => ToJson(query, outcome))]);
            terminal.Out.WriteLine(document.ToJsonString(s_json));
            return;
        }
        if (outcome.Fitted is { } fitted)
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"weights {string.Join(", ", fitted.Weights.Select(weight => weight.ToString("0.####", CultureInfo.InvariantCulture)))}: mAP@10 {fitted.Map10:F3} on the fitting data, {fitted.EqualMap10:F3} with equal weights"));
        if (report is not null) Print(terminal, report);
        else terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{outcome.Texts.Count:N0} queries ranked over {outcome.ClipNames.Count:N0} sounds"));
        if (hardest.Count > 0) Print(terminal, hardest, outcome);
    }

    /// <summary>The demo prints its evaluation with it, too.</summary>
    public static void Print(Terminal terminal, EvaluationReport report)
    {
        var table = new Table("", ">queries", ">R@1", ">R@5", ">R@10", ">mAP@10", ">95 % interval", ">mAP@16", ">median rank");
        Add("text to audio", report.TextToAudio);
        Add("audio to text", report.AudioToText);
        table.Write(terminal.Out);

        void Add(string name, RankingMetrics m) => table.Add(name, m.Queries.ToString(CultureInfo.InvariantCulture), Share(m.R1.Value), Share(m.R5.Value), Share(m.R10.Value),
            Share(m.Map10.Value), $"{Share(m.Map10.Low)} .. {Share(m.Map10.High)}", Share(m.Map16.Value), m.MedianRank.ToString(CultureInfo.InvariantCulture));
    }

    static void Print(Terminal terminal, IReadOnlyList<HardQuery> hardest, EvaluationOutcome outcome)
    {
        terminal.Out.WriteLine();
        var table = new Table(">rank", ">score", "right answer", ">score", "first", "query");
        foreach (var query in hardest)
            table.Add(query.Rank.ToString(CultureInfo.InvariantCulture), Score(query.RelevantScore), outcome.ClipNames[query.Relevant], Score(query.FirstScore),
                outcome.ClipNames[query.First], outcome.Texts[query.Query]);
        table.Write(terminal.Out);
    }

    static void Add(JsonObject document, EvaluationOutcome outcome, IReadOnlyList<string> models, string fusion)
    {
        document["clips"] = outcome.ClipNames.Count;
        document["models"] = new JsonArray([.. models.Select(model => JsonValue.Create(model))]);
        if (models.Count > 1) document["fusion"] = fusion;
        if (outcome.Weights is { } weights) document["weights"] = new JsonArray([.. weights.Select(weight => JsonValue.Create(weight))]);
        if (outcome.Fitted is { } fitted) document["fit"] = new JsonObject { ["map10"] = fitted.Map10, ["map10_equal_weights"] = fitted.EqualMap10 };
    }

    static JsonObject ToJson(HardQuery query, EvaluationOutcome outcome) => new()
    {
        ["query"] = outcome.Texts[query.Query],
        ["rank"] = query.Rank,
        ["file_name"] = outcome.ClipNames[query.Relevant],
        ["score"] = query.RelevantScore,
        ["first_file_name"] = outcome.ClipNames[query.First],
        ["first_score"] = query.FirstScore,
    };

    static string Share(double value) => value.ToString("F3", CultureInfo.InvariantCulture);

    static string Score(float value) => value.ToString("F3", CultureInfo.InvariantCulture);
}
