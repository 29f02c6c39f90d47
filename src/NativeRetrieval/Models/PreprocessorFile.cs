using System.Text.Json.Nodes;
using NativeRetrieval.Core.Features;

namespace NativeRetrieval.Models;

/// <summary>
/// <c>preprocessor_config.json</c>: the front end in Hugging Face's words, for other programs; this one reads it from <c>config.json</c>.
/// </summary>
internal static class PreprocessorFile
{
    public static string Text(LogMelSettings logMel, string resampler, ShortClipRule shortClips)
    {
        var frontEnd = new JsonObject
        {
            ["feature_extractor_type"] = "LogMel",
            ["sampling_rate"] = logMel.SampleRateHz,
            ["n_fft"] = logMel.WindowSamples,
            ["hop_length"] = logMel.HopSamples,
            ["feature_size"] = logMel.MelBins,
            ["f_min"] = logMel.MinHz,
            ["f_max"] = logMel.MaxHz,
            ["amin"] = logMel.Floor,
            ["mel_scale"] = "slaney",
            ["resampler"] = resampler,
        };
        if (shortClips == ShortClipRule.Repeat) frontEnd["padding"] = "repeatpad";
        return ModelJson.Text(frontEnd);
    }
}
