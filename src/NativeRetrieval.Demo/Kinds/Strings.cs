using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Demo.Kinds;

/// <summary>Things that ring on: bells, strings and bars.</summary>
internal static class Strings
{
    /// <summary>
    /// Frequency and strength of a church bell's partials relative to the strike note: hum, prime, tierce, quint, nominal and above.
    /// </summary>
    static readonly (double Ratio, double Amplitude)[] _bellPartials =
        [(0.5, 0.5), (1, 0.8), (1.2, 0.7), (1.5, 0.35), (2, 1), (2.66, 0.4), (4.1, 0.25)];

    public static IReadOnlyList<SoundKind> All { get; } =
    [
        new("bell", Variation.Pitch, true, (output, pitch, _) =>
        {
            foreach (var (ratio, amplitude) in _bellPartials) Signal.Ping(output, 520 * pitch * ratio, 0.5 / Math.Sqrt(ratio), amplitude);
        },
            new("bell", "rings", "ringing"), new("church bell", "tolls", "tolling"), new("metal bell", "is struck", "being struck")),

        new("plucked string", Variation.Pitch, true, (output, pitch, random) => Pluck(output, 220 * pitch, random),
            new("guitar string", "is plucked", "being plucked"), new("string", "twangs", "twanging"),
            new("musician", "plucks a guitar", "plucking a guitar")),

        new("xylophone", Variation.Pitch, true, (output, pitch, random) =>
        {
            // A free bar: 1, 2.76 and 5.4 times the fundamental.
            Signal.Ping(output, 700 * pitch, 0.12);
            Signal.Ping(output, 700 * 2.76 * pitch, 0.04, 0.5);
            Signal.Ping(output, 700 * 5.4 * pitch, 0.015, 0.3);
            Signal.Noise(Signal.From(output, 0, 0.003), random, _ => 0.2);
        },
            new("xylophone", "plays a note", "playing a note"), new("wooden bar", "is struck", "being struck"),
            new("marimba", "sounds", "sounding")),
    ];

    /// <summary>Karplus and Strong 1983: a noise burst in a delay line whose ends are averaged.</summary>
    static void Pluck(Span<float> output, double frequencyHz, PhiloxSequence random)
    {
        float[] line = new float[(int)(SceneSound.SampleRateHz / frequencyHz)];
        Signal.Noise(line, random, _ => 1);
        for (int i = 0; i < output.Length; i++)
        {
            int now = i % line.Length, next = (i + 1) % line.Length;
            output[i] += line[now];
            line[now] = 0.498f * (line[now] + line[next]);
        }
    }
}
