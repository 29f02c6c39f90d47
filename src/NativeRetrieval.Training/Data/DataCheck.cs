using System.Text.Json.Nodes;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Training.Data;

/// <summary>The problems of a run's data. Without findings nothing is wrong with it.</summary>
/// <param name="Clips">Training clips that can be used.</param>
/// <param name="ValidationClips">Validation clips that can be used; 0 without validation data.</param>
/// <param name="Captions">Captions of the training clips.</param>
/// <param name="Seconds">Length of the training clips as used.</param>
/// <param name="Findings">Problems, errors first.</param>
public sealed record DataCheck(int Clips, int ValidationClips, int Captions, double Seconds, IReadOnlyList<DataFinding> Findings)
{
    /// <summary>True where training would refuse the data.</summary>
    public bool HasErrors => Findings.Any(finding => finding.Severity == DataSeverity.Error);

    /// <summary>True where a clip is left out, or results would mean less than they seem to.</summary>
    public bool HasWarnings => Findings.Any(finding => finding.Severity == DataSeverity.Warning);

    /// <summary>
    /// The check as JSON: <c>{"schema_version":1,"clips":…,"validation_clips":…,"captions":…,"seconds":…,"findings":[…]}</c>, a finding
    /// being <c>{"problem":"missing_file","severity":"error","count":2,"examples":["…"]}</c>.
    /// </summary>
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
