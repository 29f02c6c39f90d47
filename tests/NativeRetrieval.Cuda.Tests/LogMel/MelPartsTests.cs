using NativeRetrieval.Core.Features;
using NativeRetrieval.Cuda.Backend.LogMel;

namespace NativeRetrieval.Cuda.Tests.LogMel;

/// <summary>Parts of mel filters carry every weight once, inside the spectrum, and cost little.</summary>
public class MelPartsTests
{
    public static TheoryData<LogMelSettings> Settings => new(
        LogMelSettings.Default, new LogMelSettings { SampleRateHz = 48000, HopSamples = 480 },
        new LogMelSettings { SampleRateHz = 48000, MelBins = 65, MinHz = 0, MaxHz = 24000 },
        new LogMelSettings { SampleRateHz = 16000, MelBins = 512, MinHz = 20, MaxHz = 7000 },
        new LogMelSettings { MelBins = 1, MinHz = 0, MaxHz = 16000 });

    [Theory, MemberData(nameof(Settings))]
    public void Every_weight_is_in_one_part(LogMelSettings settings)
    {
        var mel = new MelFilterbank(settings);
        var plan = MelParts.Of(mel);
        double[] weights = new double[mel.Weights.Length];
        foreach (var round in plan.Rounds)
        {
            Assert.InRange(round.Parts.Count, 1, MelParts.Lanes);
            foreach (var part in round.Parts)
            {
                Assert.InRange(part.Number, plan.FirstParts[part.Filter], plan.FirstParts[part.Filter + 1] - 1);
                if (round.Steps > 0) Assert.InRange(part.Start, 0, mel.FrequencyBins - round.Steps);
                for (int step = 0; step < round.Steps; step++)
                    weights[(part.Start + step) * mel.MelBins + part.Filter] += part.Weight(mel, step);
            }
        }
        Assert.Equal(mel.Weights.ToArray(), weights);
        var numbers = plan.Rounds.SelectMany(round => round.Parts, (_, part) => part.Number);
        Assert.Equal(Enumerable.Range(0, plan.FirstParts[^1]), numbers.Order());
    }

    /// <summary>866 weights are 27 a lane; the longest filter alone has 47.</summary>
    [Fact]
    public void Panns_filters_take_few_steps_and_turns()
    {
        var rounds = MelParts.Of(new MelFilterbank(LogMelSettings.Default)).Rounds;
        Assert.InRange(rounds.Sum(round => round.Steps), 27, 38);
        Assert.InRange(rounds.Sum(round => round.Steps * round.Turns), 27, 75);
    }
}
