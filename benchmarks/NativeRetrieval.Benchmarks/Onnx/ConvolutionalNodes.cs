using NativeRetrieval.Parity;

namespace NativeRetrieval.Benchmarks.Onnx;

/// <summary>
/// The parts of PANNs' encoders (Kong et al. 2020): log-mel [batch, 1, frames, 64] to [batch, width]. Batch norms are separate nodes;
/// folding them is left to the peer's optimiser.
/// </summary>
internal static class ConvolutionalNodes
{
    const int MelBins = 64;

    /// <summary>The input behind bn0.</summary>
    public static string LogMel(OnnxGraph graph)
    {
        string x = graph.Input("mel", integers: false, "batch", 1, "frames", MelBins);
        // bn0 normalises mel bins: they stand where channels are expected while it runs.
        x = graph.Node("Transpose", [x], ("perm", new long[] { 0, 3, 2, 1 }));
        x = BatchNorm(graph, x, "bn0", MelBins);
        return graph.Node("Transpose", [x], ("perm", new long[] { 0, 3, 2, 1 }));
    }

    /// <summary>Two convolutions of 3x3 with batch norm and ReLU.</summary>
    public static string Block(OnnxGraph graph, string x, string name, int inputs, int outputs)
    {
        x = Rectified(graph, Convolution(graph, x, $"{name}.conv1", $"{name}.bn1", inputs, outputs, kernel: 3));
        return Rectified(graph, Convolution(graph, x, $"{name}.conv2", $"{name}.bn2", outputs, outputs, kernel: 3));
    }

    /// <summary>A convolution that keeps height and width, and its batch norm.</summary>
    public static string Convolution(OnnxGraph graph, string x, string name, string norm, int inputs, int outputs, int kernel)
    {
        string weight = $"{name}.weight";
        graph.Constant(weight, FormulaWeights.Of(weight, outputs, inputs, kernel, kernel), outputs, inputs, kernel, kernel);
        long border = kernel / 2;
        x = graph.Node("Conv", [x, weight], ("kernel_shape", new long[] { kernel, kernel }),
            ("pads", new[] { border, border, border, border }), ("strides", new long[] { 1, 1 }));
        return BatchNorm(graph, x, norm, outputs);
    }

    public static string Rectified(OnnxGraph graph, string x) => graph.Node("Relu", [x]);

    /// <summary>The mean over windows of 2x2.</summary>
    public static string Pooled(OnnxGraph graph, string x) =>
        graph.Node("AveragePool", [x], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));

    /// <summary>The output: the mean over bins, then maximum plus mean over frames.</summary>
    public static void Embedding(OnnxGraph graph, string x, int width)
    {
        x = graph.Node("ReduceMean", [x], ("axes", new long[] { 3 }), ("keepdims", 0L));
        string largest = graph.Node("ReduceMax", [x], ("axes", new long[] { 2 }), ("keepdims", 0L));
        string mean = graph.Node("ReduceMean", [x], ("axes", new long[] { 2 }), ("keepdims", 0L));
        graph.Output(graph.Named("embedding", "Add", [largest, mean]), "batch", width);
    }

    static string BatchNorm(OnnxGraph graph, string x, string name, int width)
    {
        string[] parts = [$"{name}.weight", $"{name}.bias", $"{name}.running_mean", $"{name}.running_var"];
        foreach (string part in parts) graph.Constant(part, FormulaWeights.Of(part, width), width);
        return graph.Node("BatchNormalization", [x, .. parts], ("epsilon", 1e-5f));
    }
}
