using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Resampling;

/// <summary>
/// A linear-phase low-pass filter, given by the band it keeps and the band it removes, as fractions of the lower of the two Nyquist
/// frequencies. Pass-band ripple, and images and aliases that reach the pass band, stay under −<see cref="StopBandDb"/>.
/// </summary>
public sealed record ResamplerPreset
{
    /// <summary>
    /// Passes up to 0.91 and removes everything from 1.0 on: no alias anywhere. 264 taps from 44.1 kHz to 32 kHz, whose output is exact to
    /// 14.56 kHz.
    /// </summary>
    public static ResamplerPreset High { get; } = new("high", 0.91, 1.0, 130);

    /// <summary>
    /// Passes up to 0.88 and removes from 1.12 on: what lies between folds back to above 0.88, at 32 kHz above the log-mel's 14 kHz.
    /// 96 taps from 44.1 kHz to 32 kHz.
    /// </summary>
    public static ResamplerPreset Fast { get; } = new("fast", 0.88, 1.12, 125);

    ResamplerPreset(string name, double passBand, double stopBand, double stopBandDb) =>
        (Name, PassBand, StopBand, StopBandDb) = (name, passBand, stopBand, stopBandDb);

    /// <summary>Name in configurations and cache keys; another filter gets another name.</summary>
    public string Name { get; }

    /// <summary>End of the pass band, a fraction of the lower Nyquist frequency, above 0 and below <see cref="StopBand"/>.</summary>
    public double PassBand { get; }

    /// <summary>Start of the stop band, a fraction of the lower Nyquist frequency.</summary>
    public double StopBand { get; }

    /// <summary>Attenuation of the stop band, in dB.</summary>
    public double StopBandDb { get; }

    /// <summary>The preset of a name.</summary>
    /// <exception cref="OptionException">No preset has this name.</exception>
    public static ResamplerPreset Parse(string name) => name switch
    {
        "high" => High,
        "fast" => Fast,
        _ => throw new OptionException($"resampler '{name}' is unknown; choose high or fast"),
    };

    /// <summary>The preset's name.</summary>
    public override string ToString() => Name;
}
