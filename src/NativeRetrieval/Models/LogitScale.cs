using System.Globalization;
using System.Text.Json.Serialization;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Models;

/// <summary>
/// Factors that a contrastive model learned for its cosines, as the checkpoint has them, so that they can be written back to the bit: two
/// logarithms (CLAP's <c>logit_scale_a</c> and <c>logit_scale_t</c>) or one divisor (WavCaps' <c>temp</c>).
/// </summary>
public sealed record LogitScale
{
    /// <summary>Logarithm of the factor of the cosines of one sound with all captions; null: there is a divisor.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? AudioLogarithm { get; init; }

    /// <summary>Logarithm of the factor of the cosines of one caption with all sounds; null: there is a divisor.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? TextLogarithm { get; init; }

    /// <summary>Temperature by which all cosines are divided; null: there are logarithms.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public float? Divisor { get; init; }

    /// <summary>Factor of the cosines of one sound with all captions, as in classification.</summary>
    [JsonIgnore]
    public double AudioToText => AudioLogarithm is { } logarithm ? Math.Exp(logarithm) : 1 / (double)Divisor!.Value;

    /// <summary>Factor of the cosines of one caption with all sounds.</summary>
    [JsonIgnore]
    public double TextToAudio => TextLogarithm is { } logarithm ? Math.Exp(logarithm) : 1 / (double)Divisor!.Value;

    /// <summary>One temperature for both directions: the inverse of the factors' geometric mean.</summary>
    [JsonIgnore]
    public double Temperature =>
        Divisor ?? Math.Exp(-((double)AudioLogarithm!.Value + TextLogarithm!.Value) / 2);

    /// <exception cref="OptionException">There are not two logarithms or one divisor, or a factor is no sensible one.</exception>
    public void Validate()
    {
        bool logarithms = AudioLogarithm is not null && TextLogarithm is not null && Divisor is null;
        bool divisor = AudioLogarithm is null && TextLogarithm is null && Divisor is not null;
        if (!logarithms && !divisor)
            throw new OptionException("logit_scale has an audio_logarithm and a text_logarithm, or a divisor alone");
        foreach (double factor in (double[])[AudioToText, TextToAudio])
            if (factor is not (> 1e-6 and < 1e6))
                throw new OptionException(string.Create(CultureInfo.InvariantCulture,
                    $"logit_scale multiplies cosines by {factor:G6}; expected a factor between 1e-6 and 1e6"));
    }
}
