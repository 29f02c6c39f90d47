using System.Text.Json.Nodes;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Training.Data;

/// <summary>What is wrong with a run's data, problem by problem. An empty list of findings means that nothing is.</summary>
/// <param name="Clips">Training clips that can be used.</param>
/// <param name="ValidationClips">Likewise; 0 without validation data.</param>
/// <param name="Captions">Of the training clips.</param>
/// <param name="Seconds">Length of the training clips as used.</param>
/// <param name="Findings">Errors first.</param>
public sealed record DataCheck(int Clips, int ValidationClips, int Captions, double Seconds, IReadOnlyList<DataFinding> Findings)
{
    public bool HasErrors => Findings.Any(finding => finding.Severity == DataSeverity.Error);

    public bool HasWarnings => Findings.Any(finding => finding.Severity == DataSeverity.Warning);

    /// <summary><c>{"schema_version":1,"clips":…,"validation_clips":…,"captions":…,"seconds":…,"findings":[{"problem":"missing_file","severity":"error","count":2,"examples":["…"]}]}</c></summary>
    public JsonObject ToJson() => new()
    {
        ["schema_version"] = 1,
        ["clips"] = Clips,
        ["validation_clips"] = ValidationClips,
        ["captions"] = Captions,
        ["seconds"] = Math.Round(Seconds, 3),
        ["findings"] = new JsonArray([.. Findings.Select(finding => new JsonObject
        {
            ["problem"] = System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(finding.Problem.ToString()),
            ["severity"] = finding.Severity.ToString().ToLowerInvariant(),
            ["count"] = finding.Count,
            ["examples"] = new JsonArray([.. finding.Examples.Select(example => JsonValue.Create(example))]),
        })]),
    };
}
