using NativeRetrieval.Audio.Decoding;
using NativeRetrieval.Audio.Features;

namespace NativeRetrieval.Evaluation.Features;

/// <summary>Facts about a clip that decoding it tells.</summary>
/// <param name="Frames">Frames of its log-mel, padding of short clips included.</param>
/// <param name="Samples">Length as used, before padding, at the features' sample rate.</param>
/// <param name="IsSilent">True where nothing in it lies above the front end's floor.</param>
/// <param name="IsCut">True where the file goes on for more than a tenth of a second behind what is used.</param>
public readonly record struct ClipFacts(int Frames, int Samples, bool IsSilent, bool IsCut)
{
    /// <summary>Rounding error of a logarithm near −100 dB.</summary>
    const float RoundingDb = 1e-3f;

    internal static ClipFacts Of(LogMelClip clip, string path, FeatureSettings settings)
    {
        float floor = (float)(10 * Math.Log10(settings.LogMel.Floor)) + RoundingDb;
        return new ClipFacts(clip.Frames, clip.Samples, !clip.Values.AsSpan().ContainsAnyExceptInRange(float.NegativeInfinity, floor),
            clip.Samples == settings.MaximumSamples && GoesOn(path, clip.Samples, settings));
    }

    /// <summary>Sound behind a clip's end that is no loss: lossy formats put padding there.</summary>
    const double IgnoredSeconds = 0.1;

    static bool GoesOn(string path, int samples, FeatureSettings settings)
    {
        using var reader = MonoReader.Open(path, settings.LogMel.SampleRateHz, settings.Resampler);
        return reader.LengthSamples > samples + IgnoredSeconds * settings.LogMel.SampleRateHz;
    }
}
