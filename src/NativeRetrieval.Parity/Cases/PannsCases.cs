using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.Parity.Cases;

/// <summary>
/// The encoders in PANNs' own form: block 6 of CNN14 pools 1x1, and behind the encoder are its linear layer and its tags.
/// </summary>
static class PannsCases
{
    const string Small = "cnn14-small/eval.safetensors", FullSize = "full-size/audio.safetensors";

    /// <summary>Linear layers behind the encoder.</summary>
    const int HeadLayers = 2;

    static readonly ReducedTolerance _reduced = ReducedTolerance.OfResults(AudioEncoderCases.Cnn14Layers + HeadLayers);

    public static IEnumerable<ParityCase> All =>
    [
        new("PANNs CNN14 pruned: embedding and tags, float64", 1e-5, [Small], folder => Pruned(folder, DType.Float64)),
        new("PANNs CNN14 pruned: embedding and tags, float32", 1e-5, [Small],
            folder => Pruned(folder, DType.Float32)) { OnAnyDevice = true, Reduced = _reduced },
        new("PANNs CNN14 full size: embedding and tags, float32", 1e-5, [FullSize], folder =>
            Full(folder, new Cnn14Config { PoolBlock6 = false }, "panns_cnn14", "embedding", "clipwise_output"))
        {
            OnAnyDevice = true, Reduced = _reduced,
        },
        new("PANNs ResNet38 full size: embedding, float32", 1e-5, [FullSize],
            folder => Full(folder, new ResNet38Config(), "panns_resnet38", "embedding"))
        {
            OnAnyDevice = true, Reduced = ReducedTolerance.OfResults(AudioEncoderCases.ResNet38Layers + HeadLayers),
        },
        new("PANNs ResNet38 full size: tags, float32", 1e-4, [FullSize],
            folder => Full(folder, new ResNet38Config(), "panns_resnet38", "clipwise_output"))
        {
            OnAnyDevice = true, Reduced = ReducedTolerance.OfResults(AudioEncoderCases.ResNet38Layers + HeadLayers),
        },
    ];

    static WorstError Pruned(ParityFolder folder, DType dtype)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(Small);
        int[] channels = [.. Enumerable.Range(1, 6).Select(block => golden.Sizes($"conv_block{block}")[1])];
        var (pooled, embedding, tags) = Run(folder, golden, new Cnn14Config { Channels = channels, PoolBlock6 = false }, "embedding_fc1",
            "clipwise_output", dtype);
        var worst = new WorstError();
        worst.AddRelative(Op.ClipPooling(golden.Load("conv_block6", dtype, folder.Device)).Values(), pooled.Values(), "pooled block 6");
        worst.Add(golden, "embedding_fc1", embedding);
        worst.AddRelative(golden.ReadFloat64("clipwise_output"), tags, "tags");
        return worst;
    }

    static WorstError Full(ParityFolder folder, AudioEncoderConfig config, string group, params string[] parts)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(FullSize);
        var (_, embedding, tags) = Run(folder, golden, config, $"{group}/embedding", $"{group}/clipwise_output", DType.Float32);
        var worst = new WorstError();
        foreach (string part in parts)
            worst.AddRelative(golden.ReadFloat64($"{group}/{part}"), part == "embedding" ? embedding.Values() : tags, $"{group}/{part}");
        return worst;
    }

    /// <summary>The encoder and PANNs' two layers after it, which the retrieval system replaces, all with formula weights.</summary>
    /// <param name="embeddings">The golden tensor that is as wide as the first layer's output.</param>
    /// <param name="tags">The golden tensor that is as wide as the second layer's output.</param>
    static (Tensor Pooled, Tensor Embedding, double[] Tags) Run(
        ParityFolder folder, SafetensorsFile golden, AudioEncoderConfig config, string embeddings, string tags, DType dtype)
    {
        int seed = FormulaSeed.Of(folder);
        var logMel = golden.Load("logmel", dtype, folder.Device);
        config = config with { MelBins = logMel.Shape[^1], Dropout = 0 };
        using var encoder = AudioEncoder.Create(config, folder.Device, random: null, dtype).FillByFormula(seed);
        var pooled = encoder.Forward(logMel, null);
        var embedding = Op.Linear(pooled, Formula("fc1.weight", golden.Sizes(embeddings)[1], encoder.Width),
            Formula("fc1.bias", golden.Sizes(embeddings)[1]), Activation.Relu);
        var scores = Op.Linear(embedding, Formula("fc_audioset.weight", golden.Sizes(tags)[1], embedding.Shape[1]),
            Formula("fc_audioset.bias", golden.Sizes(tags)[1]));
        return (pooled, embedding, Sigmoid(scores));

        Tensor Formula(string name, params int[] shape)
        {
            var tensor = Tensor.Empty(shape, folder.Device, dtype);
            tensor.Fill(FormulaWeights.Of(name, seed, shape));
            return tensor;
        }
    }

    static double[] Sigmoid(Tensor x) => Array.ConvertAll(x.Values(), v => 1 / (1 + Math.Exp(-v)));
}
