using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>HTSAT-tiny in evaluation, from the log-mel of a 10 s window to the 768-wide vector, same weights on both sides.</summary>
internal static class HtsAtSuite
{
    const int Frames = 1001, MelBins = 64;

    public static IEnumerable<Row> Run(Bench bench)
    {
        bench = bench.WithAtMost(21);
        var config = new HtsAtConfig();
        using var encoder = Bench.Filled(AudioEncoder.Create(config, CpuDevice.Shared, random: null));
        encoder.ForInference();
        float[] logMel = Bench.LogMel(1, Frames, MelBins);
        using var input = Tensor.From(logMel, [1, 1, Frames, MelBins], CpuDevice.Shared);
        var peer = bench.Open(workload: null, () => PeerModels.Get("htsat", path => HtsAtGraph.Save(path, Frames)),
            [PeerInput.Of("mel", logMel, 1, 1, Frames, MelBins)], () => []);
        Bench.ExpectSame("HTSAT-tiny, 10 s", peer, Forward(encoder, input));
        var (ours, theirs, cores) = bench.Measure(() => Forward(encoder, input), peer);
        yield return new Row("htsat", "1 x 10 s", ours, theirs, Gigaflop(config), Note: bench.Memory, Cores: cores);
    }

    /// <summary>Work of the matrix products, two operations per multiply-add.</summary>
    public static double Gigaflop(HtsAtConfig config)
    {
        double work = 0, width = config.PatchWidth, side = (double)config.ImageSize / config.PatchSize;
        for (int layer = 0; layer < config.Depths.Count; layer++, width *= 2, side /= 2)
        {
            double tokens = side * side, window = config.Window * config.Window;
            work += config.Depths[layer] * tokens * (width * width * (4 + 2 * config.MlpRatio) + 2 * window * width);
            if (layer < config.Depths.Count - 1) work += tokens / 4 * 8 * width * width;
        }
        return 2 * work / 1e9;
    }

    static float[] Forward(AudioEncoder encoder, Tensor input)
    {
        using var scope = TensorScope.Begin();
        return encoder.Forward(input, lengths: null).ToArray<float>();
    }
}
