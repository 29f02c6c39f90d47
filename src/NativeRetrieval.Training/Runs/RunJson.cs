using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NativeRetrieval.Training.Runs;

/// <summary>The two forms of JSON in a run folder.</summary>
internal static class RunJson
{
    /// <summary>
    /// Files for people and scripts (<c>run.json</c>, <c>data-check.json</c>, receipts): indented, other scripts than Latin readable.
    /// </summary>
    public static JsonSerializerOptions Document { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The counters in a checkpoint's metadata: one line, read strictly, NaN and infinities allowed.</summary>
    public static JsonSerializerOptions Counters { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };
}
