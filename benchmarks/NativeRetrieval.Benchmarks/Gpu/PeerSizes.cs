namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>Sizes of the peer's models and inputs; ours takes them from its document.</summary>
/// <param name="Cnn14">Widths.</param>
/// <param name="Resnet38">Widths.</param>
/// <param name="Lengths">Tokens of each sentence.</param>
internal sealed record PeerSizes(int[] Cnn14, int[] Resnet38,
    int Clips, int Frames, int Samples, int Vocabulary, int Width, int Layers, int Heads, int Hidden,
    int Positions, int[] Lengths, int Pairs, int Dimension);
