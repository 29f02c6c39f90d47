using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Parity.Tests.OtherSizes;

/// <summary>Audio encoders of other widths on other numbers of clips, frames and mel bins.</summary>
static class AudioEncoders
{
    /// <summary>Evaluation, one training pass and all gradients of a small encoder.</summary>
    public static void WriteTrained(string path, AudioEncoderConfig config, int seed)
    {
        using var scope = TensorScope.Begin();
        using var encoder = AudioEncoder.Create(config with { Dropout = 0 }, CpuDevice.Shared, random: null, DType.Float64)
            .FillByFormula(seed);
        var file = new GoldenFile();
        foreach (var (suffix, clips, frames) in new[] { ("", 4, 96), ("_short", 2, 70), ("_long", 1, 133) })
        {
            var logMel = LogMel($"logmel{suffix}", [clips, 1, frames, config.MelBins], DType.Float64, file);
            file.Add($"eval_embedding{suffix}", encoder.Forward(logMel, null));
            if (suffix.Length > 0) continue;
            int[] shape = [clips, encoder.Width];
            var cotangent = Tensor.From([.. Enumerable.Range(0, clips * encoder.Width).Select(FormulaWeights.Uniform("cotangent", seed))],
                shape, CpuDevice.Shared);
            file.Add("cotangent", cotangent);
            using var state = AudioEncoder.Create(config with { Dropout = 0 }, CpuDevice.Shared, random: null, DType.Float64)
                .FillByFormula(seed);
            using (var tape = Tape.Begin())
            {
                var embedding = state.Forward(logMel, null, new TrainingPass(seed: 0, step: 0));
                file.Add("train_embedding", embedding);
                tape.Backward(embedding, cotangent);
            }
            foreach (var (name, parameter) in state.Parameters()) file.Add($"grad/{name}", parameter.Gradient!);
            foreach (var (name, buffer) in state.Buffers()) file.Add($"after/{name}", buffer);
        }
        file.Write(path);
    }

    /// <summary>A pruned CNN14 of PANNs with 9-wide embeddings and 11 tags.</summary>
    public static void WritePruned(string path, int seed)
    {
        using var scope = TensorScope.Begin();
        var config = new Cnn14Config { Channels = [3, 4, 6, 5, 8, 7], MelBins = 80, PoolBlock6 = false };
        var file = new GoldenFile();
        var pooled = Tagged(file, config, LogMel("logmel", [3, 1, 90, 80], DType.Float64, file), (9, "embedding_fc1"),
            (11, "clipwise_output"), seed);
        for (int block = 1; block < 6; block++)
            file.Add($"conv_block{block}", [3, config.Channels[block - 1], 1, 1], new float[3 * config.Channels[block - 1]]);
        // Over one frame and one bin, mean and maximum are the value itself: pooling a clip doubles it.
        file.Add("conv_block6", [3, 7, 1, 1], Array.ConvertAll(pooled.Values(), value => value / 2));
        file.Write(path);
    }

    /// <summary>The published widths on one short clip, computed in float32; 13 tags.</summary>
    public static void WriteFullSize(string path, int seed)
    {
        var file = new GoldenFile();
        using (TensorScope.Begin())
        {
            var logMel = LogMel("logmel", [1, 1, 64, 64], DType.Float32, file);
            Tagged(file, new Cnn14Config { PoolBlock6 = false }, logMel, (2048, "panns_cnn14/embedding"),
                (13, "panns_cnn14/clipwise_output"), seed);
            var pooled = Tagged(file, new ResNet38Config(), logMel, (2048, "panns_resnet38/embedding"),
                (13, "panns_resnet38/clipwise_output"), seed);
            file.Add("authors_resnet38/embedding", pooled);
            using var encoder = AudioEncoder.Create(new Cnn14Config(), CpuDevice.Shared, random: null).FillByFormula(seed);
            file.Add("authors_cnn14/embedding", encoder.Forward(logMel, null));
        }
        file.Write(path);
    }

    static Tensor Tagged(GoldenFile file, AudioEncoderConfig config, Tensor logMel, (int Width, string Name) embeddings,
        (int Count, string Name) tags, int seed)
    {
        using var encoder = AudioEncoder.Create(config, CpuDevice.Shared, random: null, logMel.DType).FillByFormula(seed);
        var pooled = encoder.Forward(logMel, null);
        var embedding = Op.Linear(pooled, Formula("fc1.weight", embeddings.Width, encoder.Width), Formula("fc1.bias", embeddings.Width),
            Activation.Relu);
        var scores = Op.Linear(embedding, Formula("fc_audioset.weight", tags.Count, embeddings.Width),
            Formula("fc_audioset.bias", tags.Count));
        file.Add(embeddings.Name, embedding);
        file.Add(tags.Name, scores.Shape.Sizes.ToArray(), Array.ConvertAll(scores.Values(), value => 1 / (1 + Math.Exp(-value))));
        return pooled;

        Tensor Formula(string name, params int[] shape) => Make(FormulaWeights.Of(name, seed, shape), shape, logMel.DType);
    }

    static Tensor LogMel(string name, int[] shape, DType dtype, GoldenFile file)
    {
        float[] values = GoldenFile.LogMel(name, shape);
        file.Add(name, shape, values);
        return Make(values, shape, dtype);
    }

    static Tensor Make(float[] values, int[] shape, DType dtype)
    {
        var tensor = Tensor.Empty(shape, CpuDevice.Shared, dtype);
        tensor.Fill(values);
        return tensor;
    }
}
