using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn.Checkpoints;

namespace NativeRetrieval.Parity.Cases;

/// <summary>The encoders in PANNs' own form: block 6 of CNN14 pools 1x1, and behind the encoder are its linear layer and its tags.</summary>
static class PannsCases
{
    const string Small = "cnn14-small/eval.safetensors", SmallWeights = "cnn14-small/weights.safetensors", FullSize = "full-size/audio.safetensors";
    const int Tags = 527;

    public static IEnumerable<ParityCase> All =>
    [
        new("PANNs CNN14 pruned, with a checkpoint's weights, float64", 1e-5, [Small, SmallWeights], folder => Pruned(folder, DType.Float64)),
        new("PANNs CNN14 pruned, with a checkpoint's weights, float32", 1e-5, [Small, SmallWeights], folder => Pruned(folder, DType.Float32)),
        new("PANNs CNN14 full size: embedding and tags, float32", 1e-5, [FullSize], folder => Full(folder, new Cnn14Config { PoolBlock6 = false }, "panns_cnn14", "embedding", "clipwise_output")),
        new("PANNs ResNet38 full size: embedding, float32", 1e-5, [FullSize], folder => Full(folder, new ResNet38Config(), "panns_resnet38", "embedding")),
        new("PANNs ResNet38 full size: tags, float32", 1e-4, [FullSize], folder => Full(folder, new ResNet38Config(), "panns_resnet38", "clipwise_output")),
    ];

    static WorstError Pruned(ParityFolder folder, DType dtype)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(Small);
        using var weights = folder.Open(SmallWeights);
        using var encoder = AudioEncoder.Create(new Cnn14Config { Channels = [8, 13, 24, 40, 56, 96], PoolBlock6 = false, Dropout = 0 }, CpuDevice.Shared, random: null, dtype);
        // What lies beyond the encoder: the front end's stored kernels, the classifier, PyTorch's batch counters.
        StateFile.Read(weights, encoder, name => encoder.State().Any(item => item.Name == name) ? name : null);
        var worst = new WorstError();
        var pooled = encoder.Forward(golden.Load("logmel", dtype), null);
        worst.AddRelative(Op.ClipPooling(golden.Load("conv_block6", dtype)).Values(), pooled.Values(), "pooled block 6");
        var embedding = Op.Linear(pooled, weights.Load("fc1.weight", dtype), weights.Load("fc1.bias", dtype), Activation.Relu);
        worst.Add(golden, "embedding_fc1", embedding);
        worst.AddRelative(golden.ReadFloat64("clipwise_output"), Sigmoid(Op.Linear(embedding, weights.Load("fc_audioset.weight", dtype), weights.Load("fc_audioset.bias", dtype))), "tags");
        return worst;
    }

    static WorstError Full(ParityFolder folder, AudioEncoderConfig config, string group, params string[] parts)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(FullSize);
        using var encoder = AudioEncoder.Create(config with { Dropout = 0 }, CpuDevice.Shared, random: null).FillByFormula();
        int width = encoder.Width;
        var pooled = encoder.Forward(golden.Load("logmel", DType.Float32), null);
        var embedding = Op.Linear(pooled, GoldenModule.Formula("fc1.weight", width, width), GoldenModule.Formula("fc1.bias", width), Activation.Relu);
        var tags = Op.Linear(embedding, GoldenModule.Formula("fc_audioset.weight", Tags, width), GoldenModule.Formula("fc_audioset.bias", Tags));
        var worst = new WorstError();
        foreach (string part in parts)
            worst.AddRelative(golden.ReadFloat64($"{group}/{part}"), part == "embedding" ? embedding.Values() : Sigmoid(tags), $"{group}/{part}");
        return worst;
    }

    static double[] Sigmoid(Tensor x) => Array.ConvertAll(x.Values(), v => 1 / (1 + Math.Exp(-v)));
}
