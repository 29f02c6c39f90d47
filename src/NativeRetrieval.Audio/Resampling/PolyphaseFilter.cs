using System.Collections.Concurrent;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Audio.Resampling;

/// <summary>
/// <c>h(t) = f · sinc(f t) · I₀(β √(1 − (t/w)²)) / I₀(β)</c>, |t| &lt; w input samples, tabulated by phase for the ratio L/M in lowest
/// terms (Kaiser's window; β and w from the attenuation and the transition band, Kaiser 1974). Immutable, shared and kept per ratio.
/// </summary>
internal sealed class PolyphaseFilter
{
    /// <summary>The rates may differ at most by this factor: 500 Hz to 2.048 MHz for a target of 32 kHz.</summary>
    public const int MaximumRatio = 64;

    /// <summary>4 MiB of coefficients hold every pair of common rates; ratios such as 32000/44099 would take hundreds.</summary>
    const int MaximumCoefficients = 1 << 20;
    const int InterpolatedPhases = 256, InterpolationRows = 4;
    const int TapsAlignment = 8;
    const int MaximumKept = 16;

    static readonly ConcurrentDictionary<(int, int, string), PolyphaseFilter> _kept = new();

    readonly float[] _rows;

    PolyphaseFilter(int up, int down, ResamplerPreset preset)
    {
        (Up, Down) = (up, down);
        double lowerNyquist = Math.Min(1.0, (double)up / down);         // in units of the input's Nyquist frequency
        double cutoff = lowerNyquist * (preset.PassBand + preset.StopBand) / 2;
        double transition = lowerNyquist * (preset.StopBand - preset.PassBand) / 2;     // cycles per input sample
        double width = (preset.StopBandDb - 7.95) / (14.36 * transition);
        Taps = (int)Math.Ceiling(width / TapsAlignment) * TapsAlignment;

        IsInterpolated = (long)up * Taps > MaximumCoefficients;
        int phases = IsInterpolated ? InterpolatedPhases : up;
        // The cubic through four rows reaches one row before and two after its interval, hence three more.
        int firstRow = IsInterpolated ? -1 : 0, rows = IsInterpolated ? phases + InterpolationRows - 1 : phases;
        _rows = new float[rows * Taps];
        double beta = 0.1102 * (preset.StopBandDb - 8.7), half = Taps / 2;
        for (int row = 0; row < rows; row++)
            for (int tap = 0; tap < Taps; tap++)
                _rows[row * Taps + tap] = (float)Coefficient(half - 1 - tap + (double)(firstRow + row) / phases, half, cutoff, beta);
    }

    /// <summary>L of the ratio L/M.</summary>
    public int Up { get; }

    /// <summary>M of the ratio L/M.</summary>
    public int Down { get; }

    /// <summary>Input samples that one output sample is computed from, a multiple of 8; half of them lie at or before its time.</summary>
    public int Taps { get; }

    /// <summary>
    /// True if L is so large that coefficients come from a cubic through 256 tabulated phases (error under −150 dB) instead of a row of
    /// their own.
    /// </summary>
    public bool IsInterpolated { get; }

    /// <exception cref="OptionException">A rate is not positive or they differ by more than <see cref="MaximumRatio"/>.</exception>
    public static PolyphaseFilter Get(int fromHz, int toHz, ResamplerPreset preset)
    {
        if (fromHz < 1 || toHz < 1 || fromHz > (long)toHz * MaximumRatio || toHz > (long)fromHz * MaximumRatio)
            throw new OptionException($"cannot resample from {fromHz} Hz to {toHz} Hz: both must be positive and differ at most by a "
                + $"factor of {MaximumRatio}");
        int divisor = GreatestCommonDivisor(fromHz, toHz);
        var key = (toHz / divisor, fromHz / divisor, preset.Name);
        if (_kept.TryGetValue(key, out PolyphaseFilter? filter)) return filter;
        filter = new PolyphaseFilter(key.Item1, key.Item2, preset);
        if (_kept.Count < MaximumKept) _kept.TryAdd(key, filter);
        return filter;
    }

    /// <summary>
    /// One output sample: <c>Σ x[k] h(t − k)</c> over <see cref="Taps"/> inputs, for the phase <c>frac(t) = phase / L</c>.
    /// </summary>
    public float Apply(ReadOnlySpan<float> input, int phase) =>
        IsInterpolated ? Interpolate(input, phase) : DotProduct.Of(_rows.AsSpan(phase * Taps, Taps), input);

    /// <summary>
    /// Eight rounds of all phases, 8 L outputs from the phase 0 on: each row of coefficients is read once for the eight outputs that share
    /// it. Not for interpolated filters.
    /// </summary>
    /// <param name="input">Samples from the first input of the first output on.</param>
    public void ApplyRounds(ReadOnlySpan<float> input, Span<float> output)
    {
        for (int i = 0; i < Up; i++)
        {
            int position = (int)((long)i * Down / Up), phase = (int)((long)i * Down % Up);
            DotProduct.OfMany(_rows.AsSpan(phase * Taps, Taps), input[position..], Down, output[i..], Up);
        }
    }

    float Interpolate(ReadOnlySpan<float> input, int phase)
    {
        long scaled = (long)phase * InterpolatedPhases;
        int row = (int)(scaled / Up);
        float x = (float)((double)(scaled % Up) / Up);      // Lagrange's cubic through rows at −1, 0, 1, 2
        var rows = _rows.AsSpan(row * Taps, InterpolationRows * Taps);
        return -x * (x - 1) * (x - 2) / 6 * DotProduct.Of(rows[..Taps], input)
            + (x + 1) * (x - 1) * (x - 2) / 2 * DotProduct.Of(rows.Slice(Taps, Taps), input)
            - (x + 1) * x * (x - 2) / 2 * DotProduct.Of(rows.Slice(2 * Taps, Taps), input)
            + (x + 1) * x * (x - 1) / 6 * DotProduct.Of(rows.Slice(3 * Taps, Taps), input);
    }

    static int GreatestCommonDivisor(int a, int b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }

    static double Coefficient(double t, double half, double cutoff, double beta)
    {
        double inside = 1 - t / half * (t / half);
        if (inside < 0) return 0;
        double angle = Math.PI * cutoff * t;
        double sinc = angle == 0 ? 1 : Math.Sin(angle) / angle;
        return cutoff * sinc * BesselI0(beta * Math.Sqrt(inside)) / BesselI0(beta);
    }

    /// <summary><c>I₀(x) = Σ ((x/2)^k / k!)²</c>, all terms positive: exact to rounding.</summary>
    static double BesselI0(double x)
    {
        double sum = 1, term = 1, quarter = x * x / 4;
        for (int k = 1; term > 1e-17 * sum; k++)
        {
            term *= quarter / ((double)k * k);
            sum += term;
        }
        return sum;
    }
}
