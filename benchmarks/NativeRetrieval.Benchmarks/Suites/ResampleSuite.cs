using NativeRetrieval.Audio.Resampling;
using NativeRetrieval.Benchmarks.Measuring;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>Sample-rate conversion of 30 s to the model's 32 kHz, on one thread; no peer.</summary>
internal static class ResampleSuite
{
    const int Seconds = 30, ToHz = 32000;

    public static IEnumerable<Row> Run(Bench bench) =>
        from preset in new[] { ResamplerPreset.Fast, ResamplerPreset.High }
        from fromHz in new[] { 44100, 48000 }
        select One(bench, fromHz, preset);

    static Row One(Bench bench, int fromHz, ResamplerPreset preset)
    {
        float[] signal = Bench.Values(Seconds * fromHz);
        var (ours, _, cores) = bench.Measure(() => Resampler.Resample(signal, fromHz, ToHz, preset), peer: null);
        double gigaflop = 2.0 * new Resampler(fromHz, ToHz, preset).Taps * Seconds * ToHz / 1e9;
        return new Row("resample", $"{Seconds} s, {fromHz} Hz, {preset}", ours, null, gigaflop,
            Note: $"{Seconds * 1000 / ours:F0} times real time; ceiling is that of all cores", Cores: cores);
    }
}
