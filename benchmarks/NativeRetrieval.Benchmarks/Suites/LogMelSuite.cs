using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// Log-mel spectrogram from the waveform. The peer computes it as exported front ends do: the Fourier transform is a strided
/// convolution.
/// </summary>
internal static class LogMelSuite
{
    const int Seconds = 10;

    public static IEnumerable<Row> Run(Bench bench)
    {
        var settings = LogMelSettings.Default;
        int samples = Seconds * settings.SampleRateHz;
        float[] waveform = [.. Bench.Values(samples).Select(value => value / 2)];
        string model = PeerModels.Get("logmel", path => Save(path, settings));
        var peer = bench.Ort?.Open(model, PeerInput.Of("waveform", waveform, 1, 1, samples));

        using var input = Tensor.From(waveform, [1, samples], CpuDevice.Shared);
        float[] Forward()
        {
            using var scope = TensorScope.Begin();
            return Op.LogMel(input, settings).ToArray<float>();
        }
        bench.ExpectSame("log-mel", Forward());
        var (ours, theirs) = bench.Measure(() => Forward(), peer);
        yield return new Row("logmel", $"{Seconds} s", ours, theirs,
            Note: $"{Seconds * 1000 / ours:F0} times real time; the peer's transform is a convolution");
    }

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
                double hann = 0.5 - 0.5 * Math.Cos(2 * Math.PI * i / window), angle = 2 * Math.PI * ((long)k * i % window) / window;
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
