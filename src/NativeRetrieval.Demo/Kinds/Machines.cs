namespace NativeRetrieval.Demo.Kinds;

/// <summary>Engines, horns and signals.</summary>
internal static class Machines
{
    public static IReadOnlyList<SoundKind> All { get; } =
    [
        new("engine", Variation.Pitch, false, (output, pitch, random) =>
        {
            Signal.Noise(output, random, t => 0.3 + 0.3 * Math.Sin(2 * Math.PI * 30 * pitch * t));
            Signal.LowPass(output, 600);
            Signal.Buzz(output, t => 60 * pitch * (1 + 0.03 * Math.Sin(4 * t)), 20, _ => 0.5);
        },
            new("engine", "hums", "humming"), new("motor", "runs", "running"), new("truck engine", "idles", "idling")),

        new("alarm", Variation.Rate, false, (output, rate, _) =>
            Signal.Repeat(output, 0.3 / rate, (rest, _) => Signal.Buzz(Signal.From(rest, 0, 0.15 / rate), _ => 2000, 3, _ => 1)),
            new("alarm clock", "beeps", "beeping"), new("smoke detector", "sounds an alarm", "sounding an alarm"),
            new("alarm", "goes off", "going off")),

        new("telephone", Variation.None, true, (output, _, _) =>
        {
            var ring = Signal.From(output, 0, 0.7);
            Signal.Tone(ring, _ => 1320, t => 0.5 + 0.5 * Math.Sin(2 * Math.PI * 20 * t));
            Signal.Tone(ring, _ => 1660, t => 0.5 - 0.5 * Math.Sin(2 * Math.PI * 20 * t));
        },
            new("telephone", "rings", "ringing"), new("old phone", "rings on a desk", "ringing on a desk"),
            new("landline", "rings", "ringing")),

        new("car horn", Variation.Pitch, true, (output, pitch, _) =>
        {
            var honk = Signal.From(output, 0, 0.45);
            Signal.Buzz(honk, _ => 400 * pitch, 12, _ => 1);
            Signal.Buzz(honk, _ => 505 * pitch, 12, _ => 1);
        },
            new("car horn", "honks", "honking"), new("driver", "sounds the horn", "sounding the horn"), new("car", "honks", "honking")),

        new("drill", Variation.Pitch, false, (output, pitch, random) =>
        {
            Signal.Noise(output, random, _ => 0.4);
            Signal.BandPass(output, 3000, 1);
            Signal.Buzz(output, t => 330 * pitch * Math.Min(1, 0.5 + 2 * t), 25, _ => 0.5);
        },
            new("drill", "whirs", "whirring"), new("power drill", "bores into a wall", "boring into a wall"),
            new("electric drill", "runs", "running")),
    ];
}
