using NativeRetrieval.Models;

namespace NativeRetrieval.Tests.Models;

public class LogitScaleTests
{
    [Fact]
    public void Training_at_the_learned_temperature_keeps_the_bits()
    {
        foreach (var scale in (LogitScale[])[new() { AudioLogarithm = 2.75f, TextLogarithm = 2.66f }, new() { Divisor = 0.07f }])
        {
            Assert.Same(scale, scale.At(scale.Temperature));
            // Once moved, the rounded factors stay where they are when the run is resumed.
            var moved = scale.At(0.031);
            Assert.Same(moved, moved.At(0.031));
        }
    }

    [Fact]
    public void Another_temperature_moves_both_factors_alike()
    {
        var moved = new LogitScale { AudioLogarithm = 2.75f, TextLogarithm = 2.5f }.At(0.05);
        Assert.Equal(0.05, moved.Temperature, 1e-8);
        Assert.Equal(Math.Exp(0.25), moved.AudioToText / moved.TextToAudio, 1e-6);
        Assert.Equal(20, new LogitScale { Divisor = 0.07f }.At(0.05).AudioToText, 1e-5);
    }
}
