namespace NativeRetrieval.Benchmarks.Onnx;

/// <summary>ResNet38 (Kong et al. 2020, PANNs): log-mel [batch, 1, frames, 64] to [batch, 2048].</summary>
internal static class ResNet38Graph
{
    static readonly (int Blocks, int Width)[] _layers = [(3, 64), (4, 128), (6, 256), (3, 512)];
    const int StemWidth = 64, Width = 2048;

    public static void Save(string path)
    {
        var graph = new OnnxGraph("resnet38");
        string x = ConvolutionalNodes.LogMel(graph);
        x = ConvolutionalNodes.Pooled(graph, ConvolutionalNodes.Block(graph, x, "conv_block1", 1, StemWidth));
        int inputs = StemWidth;
        foreach (var (layer, (blocks, width)) in _layers.Index())
            for (int block = 0; block < blocks; block++, inputs = width)
                x = Block(graph, x, $"resnet.layer{layer + 1}.{block}", inputs, width, halves: layer > 0 && block == 0);
        x = ConvolutionalNodes.Block(graph, ConvolutionalNodes.Pooled(graph, x), "conv_block_after1", inputs, Width);
        ConvolutionalNodes.Embedding(graph, x, Width);
        graph.Save(path);
    }

    static string Block(OnnxGraph graph, string x, string name, int inputs, int outputs, bool halves)
    {
        if (halves) x = ConvolutionalNodes.Pooled(graph, x);
        // The pooling has a number of its own in the names.
        int number = halves ? 1 : 0;
        string shortcut = inputs == outputs && !halves ? x : ConvolutionalNodes.Convolution(graph, x, $"{name}.downsample.{number}",
            $"{name}.downsample.{number + 1}", inputs, outputs, kernel: 1);
        string y = ConvolutionalNodes.Convolution(graph, x, $"{name}.conv1", $"{name}.bn1", inputs, outputs, kernel: 3);
        y = ConvolutionalNodes.Rectified(graph, y);
        y = ConvolutionalNodes.Convolution(graph, y, $"{name}.conv2", $"{name}.bn2", outputs, outputs, kernel: 3);
        return ConvolutionalNodes.Rectified(graph, graph.Node("Add", [y, shortcut]));
    }
}
