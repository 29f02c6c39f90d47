using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Parity.Cases;

/// <summary>The front end against torchlibrosa, in both precisions.</summary>
static class LogMelCases
{
    const string File = "logmel.safetensors", Suffix = "/logmel";

    public static IEnumerable<ParityCase> All =>
    [
        new("mel filters", 1e-7, [File], Filters) { Unit = "absolute" },
        new("log-mel within 30 dB of the loudest", 1e-4, [File],
            folder => Measure(folder, double.PositiveInfinity, -30)) { Unit = "dB", OnAnyDevice = true },
        new("log-mel from -70 to -30 dB", 1e-3, [File], folder => Measure(folder, -30, -70)) { Unit = "dB", OnAnyDevice = true },
    ];

    static WorstError Filters(ParityFolder folder)
    {
        using var golden = folder.Open(File);
        var worst = new WorstError();
        worst.AddLargest(golden.ReadFloat64(golden.Names.Single(IsFilters)), new MelFilterbank(Settings(golden)).Weights,
            "Slaney's filters");
        return worst;
    }

    static bool IsFilters(string name) => name.StartsWith("mel_filters", StringComparison.Ordinal);

    /// <summary>The reference's front end: the sizes of its window and filters, and what the metadata says of the rest.</summary>
    static LogMelSettings Settings(SafetensorsFile golden)
    {
        const string Key = "settings";
        double[] edges = golden.Numbers(Key, @"([\d.]*\d)\.\.([\d.]*\d) Hz");
        return new()
        {
            SampleRateHz = (int)golden.Numbers(Key, @"sr (\d+)")[0],
            WindowSamples = golden.Sizes(golden.Names.Single(name => name.StartsWith("stft_window", StringComparison.Ordinal)))[0],
            HopSamples = (int)golden.Numbers(Key, @"hop (\d+)")[0],
            MelBins = golden.Sizes(golden.Names.Single(IsFilters))[1],
            MinHz = edges[0],
            MaxHz = edges[1],
            Floor = golden.Numbers(Key, @"max\(x, ?([^)]+)\)")[0],
        };
    }

    /// <summary>Signals, where they are between two levels below their loudest value.</summary>
    static WorstError Measure(ParityFolder folder, double below, double above)
    {
        using var golden = folder.Open(File);
        var settings = Settings(golden);
        var worst = new WorstError();
        foreach (string signal in golden.Names.Where(name => name.EndsWith(Suffix, StringComparison.Ordinal))
            .Select(name => name[..^Suffix.Length]))
        {
            using var scope = TensorScope.Begin();
            float[] samples = [.. golden.ReadInt64($"{signal}/waveform_int16").Select(x => x / 32768f)];
            double[] expected = golden.ReadFloat64(signal + Suffix);
            Shape shape = [1, samples.Length];
            var single = Op.LogMel(Tensor.From(samples, shape, folder.Device), settings);
            var exact = folder.Device is CpuDevice
                ? Op.LogMel(Tensor.From(Array.ConvertAll(samples, x => (double)x), shape, folder.Device), settings) : single;
            double loudest = expected.Max();
            int[] compared = [.. Enumerable.Range(0, expected.Length)
                .Where(i => expected[i] > loudest + above && expected[i] <= loudest + below)];
            foreach (var ours in (Tensor[])[single, exact])
            {
                double[] values = ours.Values();
                if (values.Length != expected.Length)
                    worst.Add(double.PositiveInfinity, $"{signal}: {values.Length} values for {expected.Length}");
                else worst.AddLargest([.. compared.Select(i => expected[i])], [.. compared.Select(i => values[i])],
                    $"{signal} in {ours.DType}");
            }
        }
        return worst;
    }
}
