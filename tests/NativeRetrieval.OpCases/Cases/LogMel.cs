using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases.Cases;

/// <summary>
/// Transform sizes that end in an eight, a four and a two, mel counts that are no multiple of eight, clips shorter than the batch;
/// normalised per bin or not.
/// </summary>
abstract class LogMelCase(LogMelSettings settings, bool ownLengths, bool normalised = false) : OpCase
{
    public override string Op => nameof(Core.Ops.Op.LogMel);

    public override IEnumerable<string> Sizes =>
    [
        $"1x{settings.MinimumSamples}", $"2x{5 * settings.HopSamples + settings.WindowSamples}",
        $"3x{33 * settings.HopSamples - 1 + settings.WindowSamples}",
    ];

    public override bool HasGradient => false;

    public override Input[] Inputs(string size, PhiloxSequence random)
    {
        var waveform = Normal(random, Parse(size));
        return normalised ? [waveform, Uniform(random, 0.02, 0.1, settings.MelBins), Uniform(random, -1, 1, settings.MelBins)] : [waveform];
    }

    public override IEnumerable<string> ModelSizes => settings == LogMelSettings.Default && !normalised ? ["2x64000"] : [];

    public override Cost Cost(string size, int element)
    {
        int clips = Parse(size)[0], samples = Parse(size)[1], window = settings.WindowSamples;
        long frames = clips * (long)settings.FramesOf(samples);
        // A real transform of n points takes 2.5 n log2 n operations.
        return new((Count(size) + frames * settings.MelBins) * sizeof(float), null, frames * 2.5 * window * Math.Log2(window));
    }

    public override Tensor Run(string size, Tensor[] inputs, Device device) =>
        Core.Ops.Op.LogMel(inputs[0], settings, ownLengths ? Tensor.From(Lengths(size), [Parse(size)[0]], device) : null,
            normalised ? new(inputs[1], inputs[2]) : null);

    public override double[] Reference(string size, double[][] inputs)
    {
        int window = settings.WindowSamples, bins = window / 2 + 1;
        int clips = Parse(size)[0], samples = Parse(size)[1], frames = samples / settings.HopSamples + 1;
        double[] cosines = [.. Enumerable.Range(0, window).Select(i => Math.Cos(2 * Math.PI * i / window))];
        var filters = new MelFilterbank(settings);
        var y = new double[clips * frames * settings.MelBins];
        for (int clip = 0; clip < clips; clip++)
        {
            int own = Lengths(size)[clip];
            for (int frame = 0; frame <= own / settings.HopSamples; frame++)
            {
                var power = new double[bins];
                for (int k = 0; k < bins; k++)
                {
                    double re = 0, im = 0;
                    for (int i = 0; i < window; i++)
                    {
                        int at = frame * settings.HopSamples - window / 2 + i;
                        at = at < 0 ? -at : at >= own ? 2 * own - 2 - at : at;
                        double x = inputs[0][clip * samples + at] * (1 - cosines[i]) / 2;
                        re += x * cosines[k * i % window];
                        im += x * cosines[(k * i + window / 4) % window];
                    }
                    power[k] = re * re + im * im;
                }
                for (int mel = 0; mel < settings.MelBins; mel++)
                    y[(clip * frames + frame) * settings.MelBins + mel] =
                        10 * Math.Log10(Math.Max(settings.Floor, Enumerable.Range(0, bins).Sum(k => filters.Weight(k, mel) * power[k])))
                        * (normalised ? inputs[1][mel] : 1) + (normalised ? inputs[2][mel] : 0);
            }
        }
        return y;
    }

    int[] Lengths(string size) =>
        [.. Enumerable.Range(0, Parse(size)[0]).Select(clip =>
            ownLengths ? Math.Max(settings.MinimumSamples, Parse(size)[1] - 3 * clip * settings.HopSamples) : Parse(size)[1])];
}

sealed class LogMelWindow128Case()
    : LogMelCase(new() { SampleRateHz = 8000, WindowSamples = 128, HopSamples = 40, MelBins = 11, MinHz = 0, MaxHz = 4000 },
        ownLengths: false);

sealed class LogMelWindow64Case()
    : LogMelCase(new() { SampleRateHz = 8000, WindowSamples = 64, HopSamples = 64, MelBins = 8, MinHz = 100, MaxHz = 3000 },
        ownLengths: true);

sealed class LogMelWindow32Case()
    : LogMelCase(new() { SampleRateHz = 16000, WindowSamples = 32, HopSamples = 1, MelBins = 3, MinHz = 50, MaxHz = 8000 },
        ownLengths: true);

sealed class LogMelWindow16Case()
    : LogMelCase(new() { SampleRateHz = 16000, WindowSamples = 16, HopSamples = 5, MelBins = 4, MinHz = 50, MaxHz = 8000, Floor = 0.1 },
        ownLengths: true);

/// <summary>PANNs' models for 16 kHz.</summary>
sealed class LogMelPanns16Case()
    : LogMelCase(new() { SampleRateHz = 16000, WindowSamples = 512, HopSamples = 160, MinHz = 50, MaxHz = 8000 }, ownLengths: false);

/// <summary>PANNs' models for 8 kHz.</summary>
sealed class LogMelPanns8Case()
    : LogMelCase(new() { SampleRateHz = 8000, WindowSamples = 256, HopSamples = 80, MinHz = 50, MaxHz = 4000 }, ownLengths: true);

sealed class LogMelNormalisedCase()
    : LogMelCase(new() { SampleRateHz = 8000, WindowSamples = 256, HopSamples = 80, MinHz = 50, MaxHz = 4000 },
        ownLengths: true, normalised: true);

/// <summary>PANNs' models for 32 kHz.</summary>
sealed class LogMelPanns32Case() : LogMelCase(new(), ownLengths: true, normalised: true);

/// <summary>Windows of the same size at 48 kHz, up to half the sample rate, with filters for two warps and one more.</summary>
sealed class LogMel48Case()
    : LogMelCase(new() { SampleRateHz = 48000, HopSamples = 480, MelBins = 65, MinHz = 0, MaxHz = 24000 }, ownLengths: false);

/// <summary>Windows of the same size that begin at odd samples, and filters of a few frequencies, several for each lane.</summary>
sealed class LogMelOddHopCase()
    : LogMelCase(new() { SampleRateHz = 16000, HopSamples = 641, MelBins = 130, MinHz = 50, MaxHz = 8000 }, ownLengths: true);

/// <summary>The report's, at 32 kHz.</summary>
sealed class LogMelReportCase() : LogMelCase(LogMelSettings.Default, ownLengths: false);
