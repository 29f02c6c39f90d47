using NativeRetrieval.Benchmarks.Measuring;
using NativeRetrieval.Benchmarks.Onnx;
using NativeRetrieval.Benchmarks.Peers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Parity;
using NativeRetrieval.PeerProtocol;

namespace NativeRetrieval.Benchmarks.Suites;

/// <summary>
/// Second convolutions of CNN14's blocks, with bias and ReLU, weights packed before. Four in a row and a quarter of the time: each side
/// brings the map into its own layout once, as it would inside a network.
/// </summary>
internal static class ConvSuite
{
    const int Chain = 4;

    static readonly (int Channels, int Height, int Width)[] _maps =
        [(64, 1001, 64), (128, 500, 32), (256, 250, 16), (512, 125, 8), (1024, 62, 4), (2048, 31, 2)];

    public static IEnumerable<Row> Run(Bench bench) => _maps.Select(map => One(bench.WithAtMost(11), map.Channels, map.Height, map.Width));

    static Row One(Bench bench, int channels, int height, int width)
    {
        float[] x = Bench.Values((long)channels * height * width), weight = FormulaWeights.Of("conv.weight", channels, channels, 3, 3);
        float[] shift = FormulaWeights.Of("conv.bias", channels);
        var peer = bench.Open("conv", () => PeerModels.Get($"conv-{channels}-chain{Chain}", path => Save(path, channels, weight, shift)),
            [PeerInput.Of("x", x, 1, channels, height, width)],
            () => [PeerInput.Of("weight", weight, channels, channels, 3, 3), PeerInput.Of("shift", shift, channels),
                PeerInput.Of("count", [(long)Chain])]);

        var device = CpuDevice.Shared;
        using var scope = TensorScope.Begin();
        var input = Tensor.From(x, [1, channels, height, width], device);
        var scale = Tensor.From(Enumerable.Repeat(1f, channels).ToArray(), [channels], device);
        var kernels = Op.ToLayout(Tensor.From(weight, [channels, channels, 3, 3], device), device.Filters);
        using var convolution = new PackedConvolution(kernels, scale, Tensor.From(shift, [channels], device), width);

        Bench.ExpectSame($"convolution of {channels} channels", peer, Forward().ToArray<float>());
        var (ours, theirs, cores) = bench.Measure(() => Forward().Dispose(), peer);
        return new Row("conv", $"{channels} -> {channels}, {height} x {width}", ours / Chain, theirs / Chain,
            2.0 * 9 * channels * channels * height * width / 1e9, Cores: cores);

        Tensor Forward()
        {
            using var step = TensorScope.Begin();
            var y = Op.ToLayout(input, CpuDevice.Shared.FeatureMaps);
            for (int i = 0; i < Chain; i++) y = Op.PackedConv2d(y, convolution, relu: true);
            return step.Return(Op.ToLayout(y, Layout.Contiguous));
        }
    }

    static void Save(string path, int channels, float[] weight, float[] shift)
    {
        var graph = new OnnxGraph("conv");
        string y = graph.Input("x", integers: false, "batch", channels, "height", "width");
        graph.Constant("weight", weight, channels, channels, 3, 3);
        graph.Constant("shift", shift, channels);
        for (int i = 0; i < Chain; i++)
            y = graph.Node("Relu", [graph.Node("Conv", [y, "weight", "shift"],
                ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 }))]);
        graph.Output(y, "batch", channels, "height", "width");
        graph.Save(path);
    }
}
