using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Parity.Cases;

/// <summary>The front end against torchlibrosa, in both precisions.</summary>
static class LogMelCases
{
    const string File = "logmel.safetensors", Suffix = "/logmel";

    public static IEnumerable<ParityCase> All =>
    [
        new("mel filters", 1e-7, [File], Filters) { Unit = "absolute" },
        new("log-mel within 30 dB of the loudest", 1e-4, [File], folder => Measure(folder, double.PositiveInfinity, -30)) { Unit = "dB", OnAnyDevice = true },
        new("log-mel from -70 to -30 dB", 1e-3, [File], folder => Measure(folder, -30, -70)) { Unit = "dB", OnAnyDevice = true },
    ];

    static WorstError Filters(ParityFolder folder)
    {
        using var golden = folder.Open(File);
        var worst = new WorstError();
        worst.AddLargest(golden.ReadFloat64("mel_filters_513x64"), Array.ConvertAll(new MelFilterbank(LogMelSettings.Default).Weights.ToArray(), v => (double)v), "Slaney's filters");
        return worst;
    }

    /// <summary>Signals, where they are between two levels below their loudest value.</summary>
    static WorstError Measure(ParityFolder folder, double below, double above)
    {
        using var golden = folder.Open(File);
        var worst = new WorstError();
        foreach (string signal in golden.Names.Where(name => name.EndsWith(Suffix, StringComparison.Ordinal)).Select(name => name[..^Suffix.Length]))
        {
            using var scope = TensorScope.Begin();
            float[] samples = [.. golden.ReadInt64($"{signal}/waveform_int16").Select(x => x / 32768f)];
            double[] expected = golden.ReadFloat64(signal + Suffix);
            Shape shape = [1, samples.Length];
            var single = Op.LogMel(Tensor.From(samples, shape, folder.Device), LogMelSettings.Default);
            var exact = folder.Device is CpuDevice ? Op.LogMel(Tensor.From(Array.ConvertAll(samples, x => (double)x), shape, folder.Device), LogMelSettings.Default) : single;
            double loudest = expected.Max();
            int[] compared = [.. Enumerable.Range(0, expected.Length).Where(i => expected[i] > loudest + above && expected[i] <= loudest + below)];
            foreach (var ours in (Tensor[])[single, exact])
            {
                double[] values = ours.Values();
                if (values.Length != expected.Length) worst.Add(double.PositiveInfinity, $"{signal}: {values.Length} values for {expected.Length}");
                else worst.AddLargest([.. compared.Select(i => expected[i])], [.. compared.Select(i => values[i])], $"{signal} in {ours.DType}");
            }
        }
        return worst;
    }
}
