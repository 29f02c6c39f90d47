using System.Numerics;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Features;

/// <summary>
/// The settings of a log-mel spectrogram. The defaults are those of PANNs at 32 kHz (Kong et al. 2020, section III), which the
/// published encoders were trained on; models for other settings exist and are not interchangeable.
/// </summary>
public sealed record LogMelSettings
{
    /// <summary>The settings of the published encoders.</summary>
    public static LogMelSettings Default { get; } = new();

    /// <summary>Sample rate of the waveform. Default 32,000; 1 to 768,000.</summary>
    public int SampleRateHz { get; init; } = 32000;

    /// <summary>Length of the periodic Hann window and of the Fourier transform. Default 1024; a power of two from 16 to 65,536.</summary>
    public int WindowSamples { get; init; } = 1024;

    /// <summary>Distance of two frames' centres. Default 320 (10 ms); 1 to <see cref="WindowSamples"/>.</summary>
    public int HopSamples { get; init; } = 320;

    /// <summary>Number of mel filters. Default 64; 1 to 512.</summary>
    public int MelBins { get; init; } = 64;

    /// <summary>Lower edge of the lowest mel filter. Default 50; from 0.</summary>
    public double MinHz { get; init; } = 50;

    /// <summary>Upper edge of the highest mel filter. Default 14,000; above <see cref="MinHz"/>, at most half the sample rate.</summary>
    public double MaxHz { get; init; } = 14000;

    /// <summary>Least mel power, so that silence has a logarithm. Default 1e-10 (−100 dB); from 1e-30.</summary>
    public double Floor { get; init; } = 1e-10;

    /// <summary>Samples that a clip must have: reflection at both ends takes one more than half a window.</summary>
    public int MinimumSamples => WindowSamples / 2 + 1;

    /// <summary>Frames of a clip: one is centred on every hop, the first on sample 0.</summary>
    public int FramesOf(int samples) => samples / HopSamples + 1;

    /// <summary>Refuses values outside their ranges.</summary>
    /// <exception cref="OptionException">A value is out of its range.</exception>
    public void Validate()
    {
        if (SampleRateHz is < 1 or > 768_000)
            throw new OptionException($"log-mel: sample rate is {SampleRateHz} Hz; expected 1 to 768,000");
        if (WindowSamples is < 16 or > 65536 || !BitOperations.IsPow2(WindowSamples))
            throw new OptionException($"log-mel: window is {WindowSamples} samples; expected a power of two from 16 to 65,536");
        if (HopSamples < 1 || HopSamples > WindowSamples)
            throw new OptionException($"log-mel: hop is {HopSamples} samples; expected 1 to the window's {WindowSamples}");
        if (MelBins is < 1 or > 512) throw new OptionException($"log-mel: {MelBins} mel bins; expected 1 to 512");
        if (!(MinHz >= 0 && MinHz < MaxHz && MaxHz <= SampleRateHz / 2.0))
            throw new OptionException(
                $"log-mel: mel filters from {MinHz} to {MaxHz} Hz; expected 0 <= min < max <= {SampleRateHz / 2.0}, half the sample rate");
        if (!(Floor is >= 1e-30 and < 1)) throw new OptionException($"log-mel: floor is {Floor}; expected 1e-30 to 1");
    }
}
