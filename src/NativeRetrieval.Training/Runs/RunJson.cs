using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NativeRetrieval.Training.Runs;

/// <summary>
/// Files for people and scripts (<c>run.json</c>, <c>data-check.json</c>, receipts): indented, other scripts than Latin readable.
/// Written and read without reflection, for which a property that a file lacks is the default of its type, whatever initializer it has.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(RunDescription))]
[JsonSerializable(typeof(CheckpointReceipt))]
internal sealed partial class RunJson : JsonSerializerContext;

/// <summary>The form in which these files are written and read.</summary>
internal static class RunFiles
{
    public static RunJson Json { get; } =
        new(new JsonSerializerOptions(RunJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>The counters in a checkpoint's metadata: one line, read strictly, NaN and infinities allowed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectRequiredConstructorParameters = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class CountersJson : JsonSerializerContext;
