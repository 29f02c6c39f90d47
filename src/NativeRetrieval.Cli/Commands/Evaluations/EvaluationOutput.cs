using System.Globalization;
using System.Text.Json.Nodes;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Evaluation;
using NativeRetrieval.Evaluation.Metrics;

namespace NativeRetrieval.Cli.Commands.Evaluations;

/// <summary>An evaluation as a table or as JSON.</summary>
internal static class EvaluationOutput
{
    /// <param name="hard">Number of the hardest queries to list.</param>
    public static void Write(Terminal terminal, EvaluationRequest request, EvaluationOutcome outcome, int hard, bool json)
    {
        var hardest = outcome.Hardest(hard);
        if (json)
        {
            var document = outcome.Report?.ToJson()
                ?? new JsonObject { ["schema_version"] = JsonOutput.SchemaVersion, ["queries"] = outcome.Texts.Count };
            Add(document, request, outcome);
            if (hard > 0) document["hard"] = new JsonArray([.. hardest.Select(query => ToJson(query, outcome))]);
            terminal.WriteJson(document);
            return;
        }
        if (outcome.Fitted is { } fitted)
        {
            string weights = string.Join(", ", fitted.Weights.Select(weight => weight.ToString("0.####", CultureInfo.InvariantCulture)));
            terminal.Line(string.Create(CultureInfo.InvariantCulture,
                $"weights {weights}: mAP@10 {fitted.Map10:F3} on the fitting data, {fitted.EqualMap10:F3} with equal weights"));
        }
        if (outcome.Report is { } report) Print(terminal, report);
        else
            terminal.Line($"{Counted.Of(outcome.Texts.Count, "query", "queries")} ranked over "
                + Counted.Of(outcome.ClipNames.Count, "sound"));
        if (outcome.Comparison is { } comparison) Print(terminal, comparison);
        if (hardest.Count > 0) Print(terminal, hardest, outcome);
    }

    /// <summary>Prints the figures alone; the demo uses it, too.</summary>
    public static void Print(Terminal terminal, EvaluationReport report)
    {
        string interval = report.Groups is { } groups ? $"95 % of {groups.Count} by {groups.Column}" : "95 % interval";
        var table = new Table("", ">queries", ">R@1", ">R@5", ">R@10", ">mAP@10", ">" + interval, ">mAP@16", ">median rank");
        Add("text to audio", report.TextToAudio);
        Add("audio to text", report.AudioToText);
        table.Write(terminal);
        PrintOverAll(terminal, report);

        void Add(string name, RankingMetrics m) => table.Add(name, m.Queries.ToString(CultureInfo.InvariantCulture),
            Text(m.R1.Value), Text(m.R5.Value), Text(m.R10.Value), Text(m.Map10.Value), $"{Text(m.Map10.Low)} .. {Text(m.Map10.High)}",
            Text(m.Map16.Value), m.MedianRank.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Differences of two systems' figures.</summary>
    static void Print(Terminal terminal, EvaluationComparison comparison)
    {
        var table = new Table("less --against", ">R@1", ">R@5", ">R@10", ">mAP@10", ">95 % interval", ">mAP@16");
        Add("text to audio", comparison.TextToAudio);
        Add("audio to text", comparison.AudioToText);
        table.Write(terminal);

        void Add(string name, RankingDifference d) => table.Add(name, Signed(d.R1.Value), Signed(d.R5.Value), Signed(d.R10.Value),
            Signed(d.Map10.Value), $"{Signed(d.Map10.Low)} .. {Signed(d.Map10.High)}", Signed(d.Map16.Value));
    }

    /// <summary>The figures over all right answers of a query, where it has several: shares found, and mAP divided by all.</summary>
    static void PrintOverAll(Terminal terminal, EvaluationReport report)
    {
        var table = new Table("over all right answers", ">found@1", ">found@5", ">found@10", ">mAP@10 of all", ">mAP@16 of all");
        if (report.TextToAudio.HasSeveralRelevant) Add("text to audio", report.TextToAudio);
        if (report.AudioToText.HasSeveralRelevant) Add("audio to text", report.AudioToText);
        if (report.TextToAudio.HasSeveralRelevant || report.AudioToText.HasSeveralRelevant) table.Write(terminal);

        void Add(string name, RankingMetrics m) => table.Add(name, Text(m.Recall1.Value), Text(m.Recall5.Value), Text(m.Recall10.Value),
            Text(m.Map10OfAll.Value), Text(m.Map16OfAll.Value));
    }

    static void Print(Terminal terminal, IReadOnlyList<HardQuery> hardest, EvaluationOutcome outcome)
    {
        terminal.Line("");
        var table = new Table(">rank", ">score", "right answer", ">score", "first", "query");
        foreach (var query in hardest)
            table.Add(query.Rank.ToString(CultureInfo.InvariantCulture), Text(query.RelevantScore), outcome.ClipNames[query.Relevant],
                Text(query.FirstScore), outcome.ClipNames[query.First], outcome.Texts[query.Query]);
        table.Write(terminal);
    }

    static void Add(JsonObject document, EvaluationRequest request, EvaluationOutcome outcome)
    {
        document["clips"] = outcome.ClipNames.Count;
        document["models"] = new JsonArray([.. request.Models.Select(model => JsonValue.Create(model))]);
        if (outcome.Comparison is { } comparison)
        {
            var against = comparison.ToJson();
            against["models"] = new JsonArray([.. request.Against.Select(model => JsonValue.Create(model))]);
            document["less_against"] = against;
        }
        if (request.QueryBank is { } bank) document["query_bank"] = bank;
        if (request.Models.Count > 1) document["fusion"] = EvaluateOptions.Name(request.Fusion);
        if (outcome.Weights is { } weights) document["weights"] = new JsonArray([.. weights.Select(weight => JsonValue.Create(weight))]);
        if (outcome.Fitted is { } fitted)
            document["fit"] = new JsonObject { ["map10"] = fitted.Map10, ["map10_equal_weights"] = fitted.EqualMap10 };
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

    static string Signed(double value) => value.ToString("+0.000;-0.000;0.000", CultureInfo.InvariantCulture);

    static string Text(double value) => value.ToString("F3", CultureInfo.InvariantCulture);

    static string Text(float value) => value.ToString("F3", CultureInfo.InvariantCulture);
}
