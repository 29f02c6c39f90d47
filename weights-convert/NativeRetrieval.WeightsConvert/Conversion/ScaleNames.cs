using NativeRetrieval.Models;

namespace NativeRetrieval.WeightsConvert.Conversion;

/// <summary>Names of learned factors in checkpoints, which are settings of a model here.</summary>
static class ScaleNames
{
    public const string Audio = "logit_scale_a", Text = "logit_scale_t", Divisor = "temp";

    /// <summary>The factors under their names.</summary>
    public static IEnumerable<(string Name, float Value)> Of(LogitScale scale)
    {
        if (scale.AudioLogarithm is { } audio) yield return (Audio, audio);
        if (scale.TextLogarithm is { } text) yield return (Text, text);
        if (scale.Divisor is { } divisor) yield return (Divisor, divisor);
    }
}
