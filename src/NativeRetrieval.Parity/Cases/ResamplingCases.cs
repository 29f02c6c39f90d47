using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Parity.Cases;

/// <summary>Resampling to 32 kHz: tones against their exact values, real clips against soxr.</summary>
static class ResamplingCases
{
    const string File = "resample.safetensors";
    const int TargetHz = 32000, Margin = 640; // 20 ms at each end, where the tones are cut off

    static readonly double s_minus110Decibels = Math.Pow(10, -110 / 20.0);

    public static IEnumerable<ParityCase> All =>
    [
        new("resampling: tones, 8 rates", s_minus110Decibels, [File], Tones),
        new("resampling: tones above 16 kHz vanish", s_minus110Decibels, [File], Aliases),
        new("resampling: log-mel of two clips", 0.1, [File], Clips) { Unit = "dB" },
    ];

    static WorstError Tones(ParityFolder folder)
    {
        using var golden = folder.Open(File);
        var worst = new WorstError();
        foreach (string rate in Rates(golden.Names, "/tones_input"))
            foreach (var preset in (ResamplerPreset[])[ResamplerPreset.High, ResamplerPreset.Fast])
            {
                double[] exact = golden.ReadFloat64($"{rate}/tones_exact_{TargetHz}");
                float[] ours = Resampler.Resample(golden.ReadFloat32($"{rate}/tones_input"), int.Parse(rate), TargetHz, preset);
                worst.AddRelative(exact.AsSpan(Margin..^Margin), Array.ConvertAll(ours, v => (double)v).AsSpan(Margin..^Margin), $"{rate} Hz, {preset.Name}");
            }
        return worst;
    }

    static WorstError Aliases(ParityFolder folder)
    {
        using var golden = folder.Open(File);
        var worst = new WorstError();
        foreach (string rate in Rates(golden.Names, "/above_nyquist_input"))
        {
            float[] input = golden.ReadFloat32($"{rate}/above_nyquist_input");
            float[] ours = Resampler.Resample(input, int.Parse(rate), TargetHz, ResamplerPreset.High);
            worst.Add(Math.Sqrt(MeanSquare(ours.AsSpan(Margin..^Margin)) / MeanSquare(input)), $"{rate} Hz");
        }
        return worst;
    }

    static WorstError Clips(ParityFolder folder)
    {
        using var golden = folder.Open(File);
        var worst = new WorstError();
        var filters = new MelFilterbank(LogMelSettings.Default);
        foreach (string clip in Rates(golden.Names, "/soxr_HQ_32000"))
            foreach (var preset in (ResamplerPreset[])[ResamplerPreset.High, ResamplerPreset.Fast])
            {
                using var scope = TensorScope.Begin();
                double[] expected = LogMelOf(golden.ReadFloat32($"{clip}/soxr_HQ_32000"));
                double[] actual = LogMelOf(Resampler.Resample(golden.ReadFloat32($"{clip}/input"), int.Parse(clip.Split('_')[^1]), TargetHz, preset));
                double loudest = expected.Max();
                for (int i = 0; i < expected.Length; i++)
                {
                    double upperHz = filters.Support(i % filters.MelBins).End.Value * (double)TargetHz / LogMelSettings.Default.WindowSamples;
                    if (expected[i] >= loudest - 40 && upperHz <= 13000) worst.Add(Math.Abs(expected[i] - actual[i]), $"{clip}, {preset.Name}");
                }
            }
        return worst;

        static double[] LogMelOf(float[] samples) => Op.LogMel(Tensor.From(samples, [1, samples.Length], CpuDevice.Shared), LogMelSettings.Default).Values();
    }

    static IEnumerable<string> Rates(IEnumerable<string> names, string suffix) =>
        names.Where(name => name.EndsWith(suffix, StringComparison.Ordinal)).Select(name => name[..^suffix.Length]);

    static double MeanSquare(ReadOnlySpan<float> x)
    {
        double sum = 0;
        foreach (float value in x) sum += (double)value * value;
        return sum / x.Length;
    }
}
