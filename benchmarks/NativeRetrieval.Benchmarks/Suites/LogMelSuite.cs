using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// Log-mel spectrogram from the waveform. ONNX Runtime computes it as exported front ends do: the Fourier transform is a strided
/// convolution; PyTorch by its own transform.
/// </summary>
internal static class LogMelSuite
{
    const int Seconds = 10;

    public static IEnumerable<Row> Run(Bench bench)
    {
        var settings = LogMelSettings.Default;
        int samples = Seconds * settings.SampleRateHz;
        float[] waveform = [.. Bench.Values(samples).Select(value => value / 2)];
        var peer = bench.Open("logmel", () => PeerModels.Get("logmel", path => Save(path, settings)),
            [PeerInput.Of("waveform", waveform, 1, 1, samples)], () => Constants(settings));

        using var input = Tensor.From(waveform, [1, samples], CpuDevice.Shared);
        float[] Forward()
        {
            using var scope = TensorScope.Begin();
            return Op.LogMel(input, settings).ToArray<float>();
        }
        Bench.ExpectSame("log-mel", peer, Forward());
        var (ours, theirs, _) = bench.Measure(() => Forward(), peer);
        yield return new Row("logmel", $"{Seconds} s", ours, theirs,
            Note: $"{Seconds * 1000 / ours:F0} times real time"
                + (bench.Peer is { Program.TakesModels: true } ? "; the peer's transform is a convolution" : ""));
    }

    static IEnumerable<PeerInput> Constants(LogMelSettings settings)
    {
        int window = settings.WindowSamples, bins = window / 2 + 1;
        float[] filters = MelMatrix(settings, bins), columns = new float[filters.Length];
        for (int filter = 0; filter < settings.MelBins; filter++)
            for (int bin = 0; bin < bins; bin++) columns[bin * settings.MelBins + filter] = filters[filter * bins + bin];
        return
        [
            PeerInput.Of("window", [.. Enumerable.Range(0, window).Select(i => (float)Hann(i, window))], window),
            PeerInput.Of("mel", columns, bins, settings.MelBins),
            PeerInput.Of("hop", [(long)settings.HopSamples]),
            PeerInput.Of("floor", [(float)settings.Floor]),
        ];
    }

    static double Hann(int i, int window) => 0.5 - 0.5 * Math.Cos(2 * Math.PI * i / window);

    static void Save(string path, LogMelSettings settings)
    {
        int window = settings.WindowSamples, bins = window / 2 + 1;
        var graph = new OnnxGraph("logmel");
        string x = graph.Input("waveform", integers: false, "batch", 1, "samples");
        x = graph.Node("Pad", [x, graph.Constant("border", 0, 0, window / 2, 0, 0, window / 2)], ("mode", "reflect"));
        graph.Constant("transform", Transform(window, bins), 2 * bins, 1, window);
        x = graph.Node("Conv", [x, "transform"], ("strides", new long[] { settings.HopSamples }));
        x = graph.Node("Mul", [x, x]);
        x = graph.Node("Reshape", [x, graph.Constant("parts", 0, 2, bins, -1)]);
        x = graph.Node("ReduceSum", [x, graph.Constant("part_axis", 1L)], ("keepdims", 0L));
        graph.Constant("mel", MelMatrix(settings, bins), settings.MelBins, bins);
        x = graph.Node("MatMul", ["mel", x]);
        x = graph.Node("Log", [graph.Node("Max", [x, graph.Constant("floor", [(float)settings.Floor])])]);
        x = graph.Node("Mul", [x, graph.Constant("decibels", [(float)(10 / Math.Log(10))])]);
        graph.Output(graph.Named("logmel", "Transpose", [x], ("perm", new long[] { 0, 2, 1 })), "batch", "frames", settings.MelBins);
        graph.Save(path);
    }

    /// <summary>Rows of windowed cosines, then of windowed sines.</summary>
    static float[] Transform(int window, int bins)
    {
        float[] rows = new float[2 * bins * window];
        for (int k = 0; k < bins; k++)
            for (int i = 0; i < window; i++)
            {
                double hann = Hann(i, window), angle = 2 * Math.PI * ((long)k * i % window) / window;
                rows[k * window + i] = (float)(hann * Math.Cos(angle));
                rows[(bins + k) * window + i] = (float)(hann * Math.Sin(angle));
            }
        return rows;
    }

    static float[] MelMatrix(LogMelSettings settings, int bins)
    {
        var filters = new MelFilterbank(settings);
        float[] matrix = new float[settings.MelBins * bins];
        for (int filter = 0; filter < settings.MelBins; filter++)
            for (int bin = filters.Support(filter).Start.Value; bin < filters.Support(filter).End.Value; bin++)
                matrix[filter * bins + bin] = (float)filters.Weight(bin, filter);
        return matrix;
    }
}
