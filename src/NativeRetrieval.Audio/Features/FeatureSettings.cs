using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;

namespace NativeRetrieval.Audio.Features;

/// <summary>Settings on which a clip's log-mel depends: all of them, so that equal settings give equal features.</summary>
public sealed record FeatureSettings
{
    /// <summary>Fewest frames that six halvings in an encoder reduce to at least one.</summary>
    const int LeastFrames = 64;

    /// <summary>The published models' features: 32 kHz, 64 mel bins, clips of any length.</summary>
    public static FeatureSettings Default { get; } = new();

    /// <summary>A model's features: clips of under 64 frames (0.63 s at a hop of 10 ms) are padded to that.</summary>
    /// <param name="longest">Longer clips are cut after this many samples; null: never.</param>
    /// <param name="filled">Shorter clips are repeated up to this many samples; null: never.</param>
    /// <param name="silenced">Shorter clips are followed by silence up to this many samples; null: up to 64 frames.</param>
    public static FeatureSettings Of(LogMelSettings logMel, ResamplerPreset resampler, int? longest = null, int? filled = null,
        int? silenced = null)
    {
        int least = Math.Max(Math.Max(logMel.MinimumSamples, (LeastFrames - 1) * logMel.HopSamples), silenced ?? 0);
        return new()
        {
            LogMel = logMel,
            Resampler = resampler,
            MinimumSamples = least,
            MaximumSamples = longest is { } most ? Math.Max(least, most) : null,
            FilledSamples = filled is { } whole ? Math.Max(least, whole) : null,
        };
    }

    /// <summary>Spectrogram: sample rate, window, hop, mel bins and frequency range.</summary>
    public LogMelSettings LogMel { get; init; } = LogMelSettings.Default;

    /// <summary>Filter that brings recordings to the sample rate. Default <see cref="ResamplerPreset.High"/>.</summary>
    public ResamplerPreset Resampler { get; init; } = ResamplerPreset.High;

    /// <summary>
    /// Shorter clips get zeros at their end up to this length. Default 20,160: 64 frames of 320 samples
    /// (0.63 s at 32 kHz); at least <see cref="LogMelSettings.MinimumSamples"/>.
    /// </summary>
    public int MinimumSamples { get; init; } = 20_160;

    /// <summary>Longer clips are cut after this many samples. Default null: never; else at least <see cref="MinimumSamples"/>.</summary>
    public int? MaximumSamples { get; init; }

    /// <summary>
    /// Clips shorter than this many samples are repeated as often as they fit in whole, and zeros fill the rest. Default null: never; else
    /// <see cref="MinimumSamples"/> to <see cref="MaximumSamples"/>.
    /// </summary>
    public int? FilledSamples { get; init; }

    /// <summary>
    /// Zeros that follow every clip before it is transformed. Default 0; with a whole window of them the frames at the clip's end are those
    /// of a clip padded with any amount of silence.
    /// </summary>
    public int TrailingSilenceSamples { get; init; }

    /// <summary>Every setting by name and exact value. Caches are keyed by this text: it must not change.</summary>
    public string Description => string.Create(CultureInfo.InvariantCulture,
        $"sample_rate_hz={LogMel.SampleRateHz} window_samples={LogMel.WindowSamples} hop_samples={LogMel.HopSamples} "
        + $"mel_bins={LogMel.MelBins} min_hz={LogMel.MinHz:R} max_hz={LogMel.MaxHz:R} floor={LogMel.Floor:R} resampler={Resampler.Name} "
        + $"minimum_samples={MinimumSamples} maximum_samples={MaximumSamples?.ToString(CultureInfo.InvariantCulture) ?? "none"} "
        + $"trailing_silence_samples={TrailingSilenceSamples}{(FilledSamples is { } filled ? $" filled_samples={filled}" : "")}");

    /// <summary>Sixteen hexadecimal digits that stand for <see cref="Description"/> in file names.</summary>
    public string Id => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Description)).AsSpan(0, 8));

    /// <summary>Refuses settings that no features can have.</summary>
    /// <exception cref="OptionException">A value is out of its range.</exception>
    public void Validate()
    {
        LogMel.Validate();
        if (MinimumSamples < LogMel.MinimumSamples)
            throw new OptionException($"features: minimum length is {MinimumSamples} samples; a window of {LogMel.WindowSamples} takes "
                + $"at least {LogMel.MinimumSamples}");
        if (TrailingSilenceSamples is < 0 or > 1 << 24)
            throw new OptionException($"features: {TrailingSilenceSamples} samples of trailing silence; expected 0 to {1 << 24}");
        if (FilledSamples < MinimumSamples || FilledSamples > MaximumSamples)
            throw new OptionException($"features: clips are repeated up to {FilledSamples} samples; expected the minimum of "
                + $"{MinimumSamples} to the maximum of {MaximumSamples?.ToString(CultureInfo.InvariantCulture) ?? "any length"}");
        if (MaximumSamples < MinimumSamples)
            throw new OptionException($"features: maximum length is {MaximumSamples} samples, less than the minimum of {MinimumSamples}");
    }
}
