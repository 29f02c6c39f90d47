namespace NativeRetrieval.Demo.Kinds;

/// <summary>Weather, water and other noises that go on.</summary>
internal static class Noises
{
    public static IReadOnlyList<SoundKind> All { get; } =
    [
        new("white noise", Variation.None, false, (output, _, random) => Signal.Noise(output, random, _ => 1),
            new("white noise", "hisses", "hissing", IsMass: true), new("radio", "hisses with static", "hissing with static"),
            new("television static", "is heard", "hissing", IsMass: true)),

        new("waterfall", Variation.None, false, (output, _, random) =>
        {
            Signal.Noise(output, random, _ => 1);
            Signal.LowPass(output, 250);
        },
            new("waterfall", "roars", "roaring"), new("river", "rushes past", "rushing past"),
            new("stream of water", "pours down", "pouring down")),

        new("rain", Variation.None, false, (output, _, random) =>
        {
            Signal.Noise(output, random, _ => 0.15);
            for (int drop = 0; drop < output.Length / 200; drop++)
            {
                double amplitude = 0.2 + 0.8 * random.NextUniform(), pitch = 2500 + 4000 * random.NextUniform();
                int start = random.NextBelow(output.Length);
                Signal.Ping(output.Slice(start, Math.Min(160, output.Length - start)), pitch, 0.0015, amplitude);
            }
            Signal.HighPass(output, 1500);
        },
            new("rain", "falls", "falling", IsMass: true), new("rain", "patters on a roof", "pattering on a roof", IsMass: true),
            new("heavy shower", "pours down", "pouring down")),

        new("wind", Variation.None, false, (output, _, random) =>
        {
            double phase = 6 * random.NextUniform();
            Signal.Noise(output, random, t => 0.6 + 0.4 * Math.Sin(2.2 * t + phase));
            Signal.BandPass(output, t => 500 + 250 * Math.Sin(2.2 * t + phase), 5);
        },
            new("wind", "howls", "howling", IsMass: true), new("strong wind", "blows", "blowing"),
            new("breeze", "whistles around a house", "whistling around a house")),

        new("waves", Variation.Rate, false, (output, rate, random) =>
        {
            double phase = 6 * random.NextUniform();
            Signal.Noise(output, random, t => Math.Pow(0.5 + 0.5 * Math.Sin(2 * Math.PI * 0.8 * rate * t + phase), 3) + 0.02);
            Signal.LowPass(output, 1500);
        },
            new("sea", "washes ashore", "washing ashore"), new("ocean", "sends waves to the beach", "sending waves to the beach"),
            new("surf", "breaks on the shore", "breaking on the shore", IsMass: true)),

        new("thunder", Variation.None, false, (output, _, random) =>
        {
            for (int clap = 0; clap < 4; clap++)
            {
                double start = clap * 0.25 * random.NextUniform(), decay = 0.3 + 0.4 * random.NextUniform();
                Signal.Noise(Signal.From(output, start), random, t => Math.Exp(-t / decay));
            }
            Signal.LowPass(output, 90);
            Signal.LowPass(output, 180);
        },
            new("thunder", "rumbles", "rumbling", IsMass: true), new("thunderstorm", "rolls in the distance", "rolling in the distance"),
            new("clap of thunder", "booms", "booming")),
    ];
}
