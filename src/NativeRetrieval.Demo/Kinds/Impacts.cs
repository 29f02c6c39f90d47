namespace NativeRetrieval.Demo.Kinds;

/// <summary>Short sounds of things that hit each other.</summary>
internal static class Impacts
{
    public static IReadOnlyList<SoundKind> All { get; } =
    [
        new("clock", Variation.Rate, false, (output, rate, random) =>
            Signal.Repeat(output, 0.28 / rate, (rest, beat) =>
            {
                Signal.Ping(Signal.From(rest, 0, 0.03), beat % 2 == 0 ? 3200 : 2600, 0.004);
                Signal.Noise(Signal.From(rest, 0, 0.004), random, _ => 0.6);
            }),
            new("clock", "ticks", "ticking"), new("wall clock", "ticks away", "ticking away"), new("metronome", "clicks", "clicking")),

        new("knock", Variation.None, true, (output, _, random) =>
        {
            var part = Signal.From(output, 0, 0.15);
            Signal.Noise(Signal.From(part, 0, 0.006), random, _ => 1);
            Signal.BandPass(part, 350, 3);
            Signal.Ping(part, 190, 0.03, 0.4);
        },
            new("visitor", "knocks on a door", "knocking on a door"), new("fist", "bangs on wood", "banging on wood"),
            new("person", "knocks at the door", "knocking at the door")),

        new("footsteps", Variation.Rate, false, (output, rate, random) =>
            Signal.Repeat(output, 0.5 / rate, (rest, _) =>
            {
                var step = Signal.From(rest, 0, 0.18);
                Signal.Ping(step, 90, 0.03, 1.2);
                float[] crunch = new float[step.Length];
                Signal.Noise(crunch, random, t => Math.Exp(-t / 0.04));
                Signal.BandPass(crunch, 1800, 1.5);
                for (int i = 0; i < step.Length; i++) step[i] += crunch[i];
            }),
            new("person", "walks on gravel", "walking on gravel"), new("man", "takes steps", "taking steps"),
            new("pair of boots", "walks along", "walking along")),

        new("clapping", Variation.Rate, false, (output, rate, random) =>
            Signal.Repeat(output, 0.33 / rate, (rest, _) =>
            {
                float[] clap = new float[Signal.From(rest, 0, 0.08).Length];
                Signal.Noise(clap, random, t => Math.Exp(-t / 0.012));
                Signal.BandPass(clap, 1200, 1.2);
                for (int i = 0; i < clap.Length; i++) rest[i] += clap[i];
            }),
            new("person", "claps", "clapping"), new("pair of hands", "claps", "clapping"), new("spectator", "applauds", "applauding")),

        new("bouncing ball", Variation.None, false, (output, _, random) =>
        {
            double time = 0, gap = 0.45, height = 1;
            while (gap > 0.02)
            {
                Signal.Ping(Signal.From(output, time, 0.12), 260 + 20 * random.NextUniform(), 0.018, height);
                (time, gap, height) = (time + gap, gap * 0.78, height * 0.82);
            }
        },
            new("ball", "bounces faster and faster", "bouncing faster and faster"),
            new("rubber ball", "bounces on the floor", "bouncing on the floor"),
            new("table tennis ball", "drops and bounces", "dropping and bouncing")),

        new("water drop", Variation.Pitch, true, (output, pitch, _) =>
            Signal.Tone(Signal.From(output, 0, 0.12), t => 700 * pitch * (1 + 9 * t), t => Math.Exp(-t / 0.025)),
            new("water drop", "falls into a bowl", "falling into a bowl"), new("tap", "drips", "dripping"),
            new("drop of water", "plops", "plopping")),

        new("drum", Variation.Pitch, true, (output, pitch, random) =>
        {
            var part = Signal.From(output, 0, 0.5);
            Signal.Tone(part, t => 140 * pitch * (1 + 0.8 * Math.Exp(-t / 0.03)), t => Math.Exp(-t / 0.12));
            Signal.Noise(Signal.From(part, 0, 0.02), random, t => 0.4 * Math.Exp(-t / 0.005));
        },
            new("drum", "is hit", "being hit"), new("tom drum", "booms", "booming"), new("drummer", "strikes a drum", "striking a drum")),

        new("heartbeat", Variation.Rate, false, (output, rate, _) =>
            Signal.Repeat(output, 0.85 / rate, (rest, _) =>
            {
                Signal.Ping(Signal.From(rest, 0, 0.2), 55, 0.035);
                Signal.Ping(Signal.From(rest, 0.24 / rate, 0.2), 75, 0.025, 0.7);
            }),
            new("heart", "beats", "beating"), new("heartbeat", "thumps", "thumping"), new("pulse", "throbs", "throbbing")),
    ];
}
