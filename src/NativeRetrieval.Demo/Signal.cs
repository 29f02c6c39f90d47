using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Demo;

/// <summary>Building blocks of sounds. Times are seconds from the start of the span, frequencies Hz.</summary>
internal static class Signal
{
    const double Step = 1.0 / SceneSound.SampleRateHz;

    /// <summary>Adds a sine whose frequency and amplitude change with time.</summary>
    public static void Tone(Span<float> output, Func<double, double> frequencyHz, Func<double, double> amplitude)
    {
        double phase = 0;
        for (int i = 0; i < output.Length; i++)
        {
            double t = i * Step;
            phase += 2 * Math.PI * Step * frequencyHz(t);
            output[i] += (float)(amplitude(t) * Math.Sin(phase));
        }
    }

    /// <summary>Adds a sine that dies away: <c>amplitude · exp(−t/decay)</c>.</summary>
    public static void Ping(Span<float> output, double frequencyHz, double decaySeconds, double amplitude = 1)
    {
        // A rotating complex number: no sine per sample.
        double radius = Math.Exp(-Step / decaySeconds), angle = 2 * Math.PI * frequencyHz * Step;
        double cos = radius * Math.Cos(angle), sin = radius * Math.Sin(angle), x = amplitude, y = 0;
        for (int i = 0; i < output.Length; i++)
        {
            output[i] += (float)y;
            (x, y) = (x * cos - y * sin, x * sin + y * cos);
        }
    }

    /// <summary>Adds harmonics 1, 2, … with amplitudes 1/n below 12 kHz: buzzing, like a saw-tooth wave.</summary>
    public static void Buzz(Span<float> output, Func<double, double> frequencyHz, int harmonics, Func<double, double> amplitude)
    {
        double phase = 0;
        for (int i = 0; i < output.Length; i++)
        {
            double t = i * Step, frequency = frequencyHz(t), value = 0;
            phase += 2 * Math.PI * Step * frequency;
            // sin(nφ) by the recurrence sin((n+1)φ) = 2 cos φ sin(nφ) − sin((n−1)φ).
            double twice = 2 * Math.Cos(phase), previous = 0, current = Math.Sin(phase);
            for (int n = 1; n <= harmonics && n * frequency < 12000; n++)
            {
                value += current / n;
                (previous, current) = (current, twice * current - previous);
            }
            output[i] += (float)(amplitude(t) * value);
        }
    }

    /// <summary>Adds white noise in [−1, 1) times an envelope.</summary>
    public static void Noise(Span<float> output, PhiloxSequence random, Func<double, double> amplitude)
    {
        for (int i = 0; i < output.Length; i++) output[i] += (float)(amplitude(i * Step) * (2 * random.NextUniform() - 1));
    }

    /// <summary>Keeps the part of a signal around a frequency (two-pole band pass, peak gain 1).</summary>
    public static void BandPass(Span<float> signal, double frequencyHz, double quality) => BandPass(signal, _ => frequencyHz, quality);

    /// <summary>A band pass whose centre moves.</summary>
    public static void BandPass(Span<float> signal, Func<double, double> frequencyHz, double quality)
    {
        const int hold = 64;        // samples between new coefficients
        double b = 0, a1 = 0, a2 = 0, x1 = 0, x2 = 0, y1 = 0, y2 = 0;
        for (int i = 0; i < signal.Length; i++)
        {
            if (i % hold == 0)
            {
                double angle = 2 * Math.PI * frequencyHz(i * Step) * Step, alpha = Math.Sin(angle) / (2 * quality);
                (b, a1, a2) = (alpha / (1 + alpha), -2 * Math.Cos(angle) / (1 + alpha), (1 - alpha) / (1 + alpha));
            }
            double x = signal[i], y = b * (x - x2) - a1 * y1 - a2 * y2;
            (x2, x1, y2, y1) = (x1, x, y1, y);
            signal[i] = (float)y;
        }
    }

    /// <summary>Removes the part of a signal above a frequency (one pole, 6 dB per octave).</summary>
    public static void LowPass(Span<float> signal, double frequencyHz)
    {
        double gain = 1 - Math.Exp(-2 * Math.PI * frequencyHz * Step), y = 0;
        for (int i = 0; i < signal.Length; i++) signal[i] = (float)(y += gain * (signal[i] - y));
    }

    /// <summary>Removes the part of a signal below a frequency (one pole, 6 dB per octave).</summary>
    public static void HighPass(Span<float> signal, double frequencyHz)
    {
        double gain = 1 - Math.Exp(-2 * Math.PI * frequencyHz * Step), low = 0;
        for (int i = 0; i < signal.Length; i++)
        {
            low += gain * (signal[i] - low);
            signal[i] -= (float)low;
        }
    }

    /// <summary>The part of a span from a time on, at most <paramref name="seconds"/> long; empty past its end.</summary>
    public static Span<float> From(Span<float> output, double startSeconds, double seconds = double.MaxValue)
    {
        int start = (int)Math.Min(output.Length, startSeconds * SceneSound.SampleRateHz);
        int length = (int)Math.Min(output.Length - start, seconds * SceneSound.SampleRateHz);
        return output.Slice(start, length);
    }

    /// <summary>Calls <paramref name="strike"/> for the rest of the span at every beat.</summary>
    public static void Repeat(Span<float> output, double periodSeconds, Strike strike)
    {
        double length = output.Length * Step;
        for (int beat = 0; beat * periodSeconds < length; beat++) strike(From(output, beat * periodSeconds), beat);
    }

    internal delegate void Strike(Span<float> rest, int beat);
}
