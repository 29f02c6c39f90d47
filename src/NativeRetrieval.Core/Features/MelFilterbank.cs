namespace NativeRetrieval.Core.Features;

/// <summary>
/// Triangular filters, equally spaced on Slaney's mel scale (linear to 1 kHz, logarithmic above; Auditory Toolbox, 1998), each
/// divided by half its width in Hz so that all have the same area.
/// </summary>
public sealed class MelFilterbank
{
    const double HzPerMel = 200.0 / 3, LogarithmicFromHz = 1000, LogarithmicFromMel = 15;
    static readonly double LogarithmOfStep = Math.Log(6.4) / 27;
    readonly double[] _weights;

    /// <summary>Computes the filters in float64.</summary>
    /// <exception cref="Errors.OptionException">A setting is out of its range.</exception>
    public MelFilterbank(LogMelSettings settings)
    {
        settings.Validate();
        (MelBins, FrequencyBins) = (settings.MelBins, settings.WindowSamples / 2 + 1);
        _weights = new double[FrequencyBins * MelBins];
        double low = MelOf(settings.MinHz), step = (MelOf(settings.MaxHz) - low) / (MelBins + 1);
        double hzPerBin = (double)settings.SampleRateHz / settings.WindowSamples;
        for (int mel = 0; mel < MelBins; mel++)
        {
            double left = HzOf(low + mel * step), centre = HzOf(low + (mel + 1) * step), right = HzOf(low + (mel + 2) * step);
            for (int bin = 0; bin < FrequencyBins; bin++)
            {
                double hz = bin * hzPerBin, height = Math.Min((hz - left) / (centre - left), (right - hz) / (right - centre));
                _weights[bin * MelBins + mel] = Math.Max(0, height) * 2 / (right - left);
            }
        }
    }

    /// <summary>Number of filters.</summary>
    public int MelBins { get; }

    /// <summary>Number of frequencies from 0 Hz to half the sample rate: half a window and one.</summary>
    public int FrequencyBins { get; }

    /// <summary>All weights, [<see cref="FrequencyBins"/>, <see cref="MelBins"/>].</summary>
    public ReadOnlySpan<double> Weights => _weights;

    /// <summary>The weight that filter <paramref name="mel"/> gives frequency bin <paramref name="bin"/>.</summary>
    public double Weight(int bin, int mel) => _weights[bin * MelBins + mel];

    /// <summary>
    /// The frequency bins that a filter weighs, from its first to its last that is not 0; empty where it falls between two bins.
    /// </summary>
    public Range Support(int mel)
    {
        int start = 0, end = FrequencyBins;
        while (start < end && Weight(start, mel) == 0) start++;
        while (end > start && Weight(end - 1, mel) == 0) end--;
        return start..end;
    }

    static double MelOf(double hz) =>
        hz < LogarithmicFromHz ? hz / HzPerMel : LogarithmicFromMel + Math.Log(hz / LogarithmicFromHz) / LogarithmOfStep;

    static double HzOf(double mel) =>
        mel < LogarithmicFromMel ? mel * HzPerMel : LogarithmicFromHz * Math.Exp((mel - LogarithmicFromMel) * LogarithmOfStep);
}
