using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.Parity.Cases;

/// <summary>The encoders in PANNs' own form: block 6 of CNN14 pools 1x1, and behind the encoder are its linear layer and its tags.</summary>
static class PannsCases
{
    const string Small = "cnn14-small/eval.safetensors", FullSize = "full-size/audio.safetensors";
    const int Tags = 527, SmallTags = 50;

    public static IEnumerable<ParityCase> All =>
    [
        new("PANNs CNN14 pruned: embedding and tags, float64", 1e-5, [Small], folder => Pruned(folder, DType.Float64)),
        new("PANNs CNN14 pruned: embedding and tags, float32", 1e-5, [Small], folder => Pruned(folder, DType.Float32)) { OnAnyDevice = true },
        new("PANNs CNN14 full size: embedding and tags, float32", 1e-5, [FullSize], folder => Full(folder, new Cnn14Config { PoolBlock6 = false }, "panns_cnn14", "embedding", "clipwise_output")) { OnAnyDevice = true },
        new("PANNs ResNet38 full size: embedding, float32", 1e-5, [FullSize], folder => Full(folder, new ResNet38Config(), "panns_resnet38", "embedding")) { OnAnyDevice = true },
        new("PANNs ResNet38 full size: tags, float32", 1e-4, [FullSize], folder => Full(folder, new ResNet38Config(), "panns_resnet38", "clipwise_output")) { OnAnyDevice = true },
    ];

    static WorstError Pruned(ParityFolder folder, DType dtype)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(Small);
        var (pooled, embedding, tags) = Run(folder, new Cnn14Config { Channels = [8, 13, 24, 40, 56, 96], PoolBlock6 = false }, golden.Load("logmel", dtype, folder.Device), SmallTags);
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
        var (_, embedding, tags) = Run(folder, config, golden.Load("logmel", DType.Float32, folder.Device), Tags);
        var worst = new WorstError();
        foreach (string part in parts)
            worst.AddRelative(golden.ReadFloat64($"{group}/{part}"), part == "embedding" ? embedding.Values() : tags, $"{group}/{part}");
        return worst;
    }

    /// <summary>The encoder and PANNs' two layers after it, which the retrieval system replaces, all with formula weights.</summary>
    static (Tensor Pooled, Tensor Embedding, double[] Tags) Run(ParityFolder folder, AudioEncoderConfig config, Tensor logMel, int tags)
    {
        var dtype = logMel.DType;
        using var encoder = AudioEncoder.Create(config with { Dropout = 0 }, folder.Device, random: null, dtype).FillByFormula();
        int width = encoder.Width;
        var pooled = encoder.Forward(logMel, null);
        var embedding = Op.Linear(pooled, Formula("fc1.weight", width, width), Formula("fc1.bias", width), Activation.Relu);
        var scores = Op.Linear(embedding, Formula("fc_audioset.weight", tags, width), Formula("fc_audioset.bias", tags));
        return (pooled, embedding, Sigmoid(scores));

        Tensor Formula(string name, params int[] shape) => GoldenModule.Formula(dtype, folder.Device, name, shape);
    }

    static double[] Sigmoid(Tensor x) => Array.ConvertAll(x.Values(), v => 1 / (1 + Math.Exp(-v)));
}
