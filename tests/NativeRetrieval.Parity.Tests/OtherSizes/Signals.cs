using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Parity.Tests.OtherSizes;

/// <summary>A front end at 16 kHz with 40 filters, and resampling to 24 kHz.</summary>
static class Signals
{
    const int TargetHz = 24000;

    public static void WriteLogMel(string path)
    {
        var settings = new LogMelSettings { SampleRateHz = 16000, WindowSamples = 512, HopSamples = 200, MelBins = 40, MinHz = 60,
            MaxHz = 7500, Floor = 1e-9 };
        var file = new GoldenFile();
        file.Add("stft_window_hann_512", [settings.WindowSamples], new float[settings.WindowSamples]);
        file.Add("mel_filters_257x40", [257, settings.MelBins], new MelFilterbank(settings).Weights.ToArray());
        foreach (int samples in (int[])[257, 1999, 5000])
        {
            using var scope = TensorScope.Begin();
            string name = $"tone_{samples}";
            int[] waveform = [.. GoldenFile.Noise(name, samples).Select((noise, i) => (int)(20000 * Math.Sin(0.2 * i) + 20 * noise))];
            var logMel = Op.LogMel(Tensor.From(Array.ConvertAll(waveform, x => x / 32768.0), [1, samples], CpuDevice.Shared), settings);
            file.Add($"{name}/waveform_int16", [samples], waveform);
            file.Add($"{name}/logmel", logMel);
        }
        file.Write(path, ("settings", "sr 16000, n_fft=win 512, hop 200, power 2; 40 mel, 60..7500 Hz, Slaney; 10 log10(max(x,1e-9))"));
    }

    public static void WriteResampling(string path)
    {
        var file = new GoldenFile();
        foreach (int rate in (int[])[11025, 16000, 44100, 48000])
        {
            double[] below = [.. Enumerable.Range(1, 7).Select(i => 0.85 * Math.Min(rate, TargetHz) / 2 * i / 7)];
            file.Add($"{rate}/tones_input", [rate / 2], Array.ConvertAll(Tones(below, rate, rate / 2), x => (float)x));
            file.Add($"{rate}/tones_exact_{TargetHz}", [(rate / 2 * TargetHz + rate - 1) / rate],
                Tones(below, TargetHz, (rate / 2 * TargetHz + rate - 1) / rate));
            if (rate > TargetHz) file.Add($"{rate}/above_nyquist_input", [rate / 2],
                Array.ConvertAll(Tones([13000, 15500, 20100], rate, rate / 2), x => (float)x));
        }
        float[] clip = Array.ConvertAll(Tones([300, 1100, 4700], 22050, 15000), x => (float)x);
        float[] resampled = Resampler.Resample(clip, 22050, TargetHz, ResamplerPreset.High);
        file.Add("tones_22050/input", [clip.Length], clip);
        file.Add($"tones_22050/soxr_HQ_{TargetHz}", [resampled.Length], resampled);
        file.Write(path);
    }

    static double[] Tones(double[] frequencies, int rate, int samples) =>
        [.. Enumerable.Range(0, samples)
            .Select(i => frequencies.Index().Sum(tone => Math.Sin(2 * Math.PI * tone.Item * i / rate + tone.Index)) / frequencies.Length)];
}
