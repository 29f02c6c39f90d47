using System.Globalization;
using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Parity.Cases;

/// <summary>
/// Resampling to the rate that the golden tensors' names end in: tones against their exact values, real clips against soxr.
/// </summary>
static class ResamplingCases
{
    const string File = "resample.safetensors", Exact = "/tones_exact_", Soxr = "/soxr_HQ_";

    static readonly double _minus110Decibels = Math.Pow(10, -110 / 20.0);

    public static IEnumerable<ParityCase> All =>
    [
        new("resampling: tones, 8 rates", _minus110Decibels, [File], Tones),
        new("resampling: tones above 16 kHz vanish", _minus110Decibels, [File], Aliases),
        new("resampling: log-mel of two clips", 0.1, [File], Clips) { Unit = "dB" },
    ];

    static WorstError Tones(ParityFolder folder)
    {
        using var golden = folder.Open(File);
        var worst = new WorstError();
        foreach (var (group, sourceHz, targetHz) in Pairs(golden, Exact))
            foreach (var preset in (ResamplerPreset[])[ResamplerPreset.High, ResamplerPreset.Fast])
            {
                double[] exact = golden.ReadFloat64($"{group}{Exact}{targetHz}");
                float[] ours = Resampler.Resample(golden.ReadFloat32($"{group}/tones_input"), sourceHz, targetHz, preset);
                worst.AddRelative(exact.AsSpan(Inner(targetHz)), Array.ConvertAll(ours, v => (double)v).AsSpan(Inner(targetHz)),
                    $"{sourceHz} Hz, {preset.Name}");
            }
        return worst;
    }

    static WorstError Aliases(ParityFolder folder)
    {
        using var golden = folder.Open(File);
        var worst = new WorstError();
        foreach (var (group, sourceHz, targetHz) in Pairs(golden, Exact)
            .Where(pair => golden.Contains($"{pair.Group}/above_nyquist_input")))
        {
            float[] input = golden.ReadFloat32($"{group}/above_nyquist_input");
            float[] ours = Resampler.Resample(input, sourceHz, targetHz, ResamplerPreset.High);
            worst.Add(Math.Sqrt(MeanSquare(ours.AsSpan(Inner(targetHz))) / MeanSquare(input)), $"{sourceHz} Hz");
        }
        return worst;
    }

    static WorstError Clips(ParityFolder folder)
    {
        using var golden = folder.Open(File);
        var worst = new WorstError();
        foreach (var (clip, sourceHz, targetHz) in Pairs(golden, Soxr))
        {
            var settings = LogMelSettings.Default;
            settings = settings with { SampleRateHz = targetHz, MaxHz = Math.Min(settings.MaxHz, targetHz / 2.0) };
            var filters = new MelFilterbank(settings);
            double[] expected = LogMelOf(golden.ReadFloat32($"{clip}{Soxr}{targetHz}"), settings);
            double loudest = expected.Max();
            foreach (var preset in (ResamplerPreset[])[ResamplerPreset.High, ResamplerPreset.Fast])
            {
                double[] actual = LogMelOf(Resampler.Resample(golden.ReadFloat32($"{clip}/input"), sourceHz, targetHz, preset), settings);
                for (int i = 0; i < expected.Length; i++)
                {
                    double upperHz = filters.Support(i % filters.MelBins).End.Value * (double)targetHz / settings.WindowSamples;
                    if (expected[i] >= loudest - 40 && upperHz <= 13000)
                        worst.Add(Math.Abs(expected[i] - actual[i]), $"{clip}, {preset.Name}");
                }
            }
        }
        return worst;

        static double[] LogMelOf(float[] samples, LogMelSettings settings)
        {
            using var scope = TensorScope.Begin();
            return Op.LogMel(Tensor.From(samples, [1, samples.Length], CpuDevice.Shared), settings).Values();
        }
    }

    /// <summary>
    /// The groups of tensors whose name ends in its source's rate and that have a tensor named after the target's:
    /// <c>44100/tones_exact_32000</c>.
    /// </summary>
    static IEnumerable<(string Group, int SourceHz, int TargetHz)> Pairs(SafetensorsFile golden, string tensor) =>
        from name in golden.Names
        let parts = name.Split(tensor)
        where parts.Length == 2
        select (parts[0], int.Parse(parts[0].Split('_')[^1], CultureInfo.InvariantCulture),
            int.Parse(parts[1], CultureInfo.InvariantCulture));

    /// <summary>All but 20 ms at each end, where the tones are cut off.</summary>
    static Range Inner(int rateHz) => (rateHz / 50)..^(rateHz / 50);

    static double MeanSquare(ReadOnlySpan<float> x)
    {
        double sum = 0;
        foreach (float value in x) sum += (double)value * value;
        return sum / x.Length;
    }
}
