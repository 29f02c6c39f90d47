namespace NativeRetrieval.Demo.Kinds;

/// <summary>Voices of animals.</summary>
internal static class Animals
{
    public static IReadOnlyList<SoundKind> All { get; } =
    [
        new("bird", Variation.Pitch, true, (output, pitch, _) =>
        {
            for (int note = 0; note < 3; note++)
                Signal.Tone(Signal.From(output, 0.13 * note, 0.1), t => 2800 * pitch * (1 + 3 * t), t => Math.Sin(Math.PI * t / 0.1));
        },
            new("bird", "chirps", "chirping"), new("songbird", "tweets", "tweeting"), new("sparrow", "sings", "singing")),

        new("cricket", Variation.Rate, false, (output, rate, _) =>
            Signal.Repeat(output, 0.6 / rate, (rest, _) =>
                Signal.Tone(Signal.From(rest, 0, 0.3 / rate), _ => 4600, t => Math.Max(0, Math.Sin(2 * Math.PI * 35 * t)))),
            new("cricket", "chirps in the grass", "chirping in the grass"), new("cicada", "trills", "trilling"),
            new("cricket", "stridulates at night", "stridulating at night")),

        new("insect", Variation.Pitch, false, (output, pitch, random) =>
        {
            double phase = 6 * random.NextUniform();
            Signal.Buzz(output, t => 210 * pitch * (1 + 0.06 * Math.Sin(5 * t + phase)), 30, t => 0.6 + 0.4 * Math.Sin(3 * t + phase));
            Signal.HighPass(output, 300);
        },
            new("insect", "buzzes", "buzzing"), new("fly", "buzzes around", "buzzing around"), new("mosquito", "whines", "whining")),

        new("owl", Variation.Pitch, true, (output, pitch, _) =>
        {
            Signal.Tone(Signal.From(output, 0, 0.15), _ => 380 * pitch, t => Math.Sin(Math.PI * t / 0.15));
            Signal.Tone(Signal.From(output, 0.25, 0.35), t => 400 * pitch * (1 - 0.2 * t), t => Math.Sin(Math.PI * t / 0.35));
        },
            new("owl", "hoots", "hooting"), new("night bird", "calls", "calling"),
            new("owl", "hoots in the forest", "hooting in the forest")),

        new("frog", Variation.Rate, true, (output, rate, _) =>
            Signal.Buzz(Signal.From(output, 0, 0.35), _ => 45 * rate, 60, t => Math.Sin(Math.PI * t / 0.35)),
            new("frog", "croaks", "croaking"), new("toad", "croaks by a pond", "croaking by a pond"), new("bullfrog", "calls", "calling")),
    ];
}
