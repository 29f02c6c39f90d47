namespace NativeRetrieval.Benchmarks.Onnx;

/// <summary>
/// CNN14 (Kong et al. 2020, PANNs, with the 2x2 pooling after block 6 that the retrieval model uses): log-mel [batch, 1, frames, 64] to
/// [batch, 2048].
/// </summary>
internal static class Cnn14Graph
{
    static readonly int[] _widths = [64, 128, 256, 512, 1024, 2048];

    public static void Save(string path)
    {
        var graph = new OnnxGraph("cnn14");
        string x = ConvolutionalNodes.LogMel(graph);
        int inputs = 1;
        for (int block = 1; block <= _widths.Length; block++)
        {
            x = ConvolutionalNodes.Block(graph, x, $"conv_block{block}", inputs, _widths[block - 1]);
            x = ConvolutionalNodes.Pooled(graph, x);
            inputs = _widths[block - 1];
        }
        ConvolutionalNodes.Embedding(graph, x, inputs);
        graph.Save(path);
    }
}
