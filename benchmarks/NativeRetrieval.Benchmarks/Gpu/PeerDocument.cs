using System.Text.Json;

namespace NativeRetrieval.Benchmarks.Gpu;

/// <summary>The document that <c>torch_gpu.py parity</c> writes.</summary>
internal sealed record PeerDocument(int SchemaVersion, string Torch, string Device, PeerSizes Sizes,
    IReadOnlyList<PeerCase> Cases, PeerTraining? TrainingSmall)
{
    public static PeerDocument Read(string path) =>
        JsonSerializer.Deserialize<PeerDocument>(File.ReadAllText(path), DeviceTimings.Format)
            ?? throw new JsonException($"{path} is empty");
}

/// <summary>Sizes of the peer's models and inputs; ours takes them from its document.</summary>
/// <param name="Cnn14">Widths.</param>
/// <param name="Resnet38">Widths.</param>
/// <param name="Lengths">Tokens of each sentence.</param>
internal sealed record PeerSizes(int[] Cnn14, int[] Resnet38,
    int Clips, int Frames, int Samples, int Vocabulary, int Width, int Layers, int Heads, int Hidden,
    int Positions, int[] Lengths, int Pairs, int Dimension);

/// <summary>PyTorch's answer to one question, such as the gradients of CNN14.</summary>
/// <param name="Tolerance">The largest relative error that passes.</param>
internal sealed record PeerCase(string Name, double Tolerance, IReadOnlyList<PeerTensor> Tensors);

/// <summary>PyTorch's own float32 run of the golden training, for comparison with what <c>doctor --parity</c> says of ours.</summary>
/// <param name="ShareOfAllowed">Its worst loss error as a share of what the fixture allows; null where a loss is no number.</param>
internal sealed record PeerTraining(double[] Losses, double? ShareOfAllowed);
