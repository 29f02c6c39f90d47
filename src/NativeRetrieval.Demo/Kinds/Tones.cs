namespace NativeRetrieval.Demo.Kinds;

/// <summary>Plain and gliding tones.</summary>
internal static class Tones
{
    public static IReadOnlyList<SoundKind> All { get; } =
    [
        new("beep", Variation.Pitch, true, (output, pitch, _) =>
            Signal.Tone(Signal.From(output, 0, 0.3), _ => 900 * pitch, _ => 1),
            new("beep", "sounds", "sounding"), new("electronic tone", "beeps", "beeping"), new("device", "beeps", "beeping")),

        new("rising sweep", Variation.Pitch, false, (output, pitch, _) =>
            Signal.Tone(output, Glide(output, 300 * pitch, 2400 * pitch), _ => 1),
            new("tone", "rises", "rising"), new("synthesizer note", "sweeps up", "sweeping up"),
            new("tone", "glides upwards", "gliding upwards")),

        new("falling sweep", Variation.Pitch, false, (output, pitch, _) =>
            Signal.Tone(output, Glide(output, 2400 * pitch, 300 * pitch), _ => 1),
            new("tone", "falls", "falling"), new("synthesizer note", "sweeps down", "sweeping down"),
            new("tone", "glides downwards", "gliding downwards")),

        new("siren", Variation.Rate, false, (output, rate, _) =>
            Signal.Buzz(output, t => 900 + 350 * Math.Sin(2 * Math.PI * 1.5 * rate * t), 5, _ => 1),
            new("siren", "wails", "wailing"), new("police siren", "howls", "howling"),
            new("emergency siren", "goes up and down", "going up and down")),

        new("whistle", Variation.Pitch, true, (output, pitch, random) =>
        {
            var part = Signal.From(output, 0, 0.6);
            Signal.Noise(part, random, _ => 0.5);
            Signal.BandPass(part, 1500 * pitch, 8);
            Signal.Tone(part, t => 1500 * pitch * (1 + 0.02 * Math.Sin(2 * Math.PI * 6 * t)), t => Math.Min(1, 12 * t));
        },
            new("whistle", "blows", "blowing"), new("person", "whistles", "whistling"),
            new("referee", "blows a whistle", "blowing a whistle")),
    ];

    static Func<double, double> Glide(Span<float> output, double fromHz, double toHz)
    {
        double seconds = (double)output.Length / SceneSound.SampleRateHz;
        return t => fromHz * Math.Pow(toHz / fromHz, t / seconds);
    }
}
