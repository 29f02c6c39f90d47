using NativeRetrieval.Parity;

namespace NativeRetrieval.Benchmarks.Onnx;

/// <summary>
/// CNN14 (Kong et al. 2020, PANNs, with the 2x2 pooling after block 6 that the retrieval model uses): log-mel [batch, 1, frames, 64] to
/// [batch, 2048]. Batch norms are separate nodes; folding them is left to the peer's optimiser.
/// </summary>
internal static class Cnn14Graph
{
    static readonly int[] _widths = [64, 128, 256, 512, 1024, 2048];

    public static void Save(string path)
    {
        var graph = new OnnxGraph("cnn14");
        string x = graph.Input("mel", integers: false, "batch", 1, "frames", 64);
        // bn0 normalises mel bins: they stand where channels are expected while it runs.
        x = graph.Node("Transpose", [x], ("perm", new long[] { 0, 3, 2, 1 }));
        x = BatchNorm(graph, x, "bn0", 64);
        x = graph.Node("Transpose", [x], ("perm", new long[] { 0, 3, 2, 1 }));
        int inputs = 1;
        for (int block = 1; block <= _widths.Length; block++)
        {
            int width = _widths[block - 1];
            x = Convolution(graph, x, $"conv_block{block}", 1, inputs, width);
            x = Convolution(graph, x, $"conv_block{block}", 2, width, width);
            x = graph.Node("AveragePool", [x], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
            inputs = width;
        }
        x = graph.Node("ReduceMean", [x], ("axes", new long[] { 3 }), ("keepdims", 0L));
        string largest = graph.Node("ReduceMax", [x], ("axes", new long[] { 2 }), ("keepdims", 0L));
        string mean = graph.Node("ReduceMean", [x], ("axes", new long[] { 2 }), ("keepdims", 0L));
        graph.Output(graph.Named("embedding", "Add", [largest, mean]), "batch", inputs);
        graph.Save(path);
    }

    static string Convolution(OnnxGraph graph, string x, string block, int number, int inputs, int outputs)
    {
        string weight = $"{block}.conv{number}.weight";
        graph.Constant(weight, FormulaWeights.Of(weight, outputs, inputs, 3, 3), outputs, inputs, 3, 3);
        x = graph.Node("Conv", [x, weight],
            ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 }), ("strides", new long[] { 1, 1 }));
        return graph.Node("Relu", [BatchNorm(graph, x, $"{block}.bn{number}", outputs)]);
    }

    static string BatchNorm(OnnxGraph graph, string x, string name, int width)
    {
        string[] parts = [$"{name}.weight", $"{name}.bias", $"{name}.running_mean", $"{name}.running_var"];
        foreach (string part in parts) graph.Constant(part, FormulaWeights.Of(part, width), width);
        return graph.Node("BatchNormalization", [x, .. parts], ("epsilon", 1e-5f));
    }
}
