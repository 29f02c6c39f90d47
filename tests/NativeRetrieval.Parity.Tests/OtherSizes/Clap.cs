using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Tests.OtherSizes;

/// <summary>A CLAP of other widths and depths on other numbers of clips, frames, mel bins and tokens.</summary>
static class Clap
{
    const int Joint = 11;

    const string Config = """
        {
          "projection_dim": 11,
          "audio_config": {
            "num_mel_bins": 16, "spec_size": 64, "patch_size": 2, "patch_embeds_hidden_size": 6, "depths": [1, 2, 2],
            "num_attention_heads": [1, 3, 2], "window_size": 2, "mlp_ratio": 2.5, "layer_norm_eps": 1e-6
          },
          "text_config": {
            "vocab_size": 41, "hidden_size": 12, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 20,
            "max_position_embeddings": 22, "layer_norm_eps": 1e-11
          }
        }
        """;

    static readonly HtsAtConfig _audio = new()
    {
        MelBins = 16, ImageSize = 64, PatchSize = 2, PatchWidth = 6, Depths = [1, 2, 2], Heads = [1, 3, 2], Window = 2, MlpRatio = 2.5,
        LayerNormEpsilon = 1e-6,
    };

    static readonly RobertaConfig _text = new()
    {
        VocabularySize = 41, Width = 12, Layers = 3, Heads = 2, HiddenWidth = 20, MaxPositions = 22, LayerNormEpsilon = 1e-11, Dropout = 0,
        AttentionDropout = 0, Pooling = TextPooling.Pooler,
    };

    public static void Write(string folder, int seed)
    {
        using var scope = TensorScope.Begin();
        var file = new GoldenFile();
        WriteAudio(file, seed);
        WriteText(file, seed);
        file.Write(Path.Combine(folder, "golden.safetensors"));
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
    }

    static void WriteAudio(GoldenFile file, int seed)
    {
        foreach (var (clips, frames) in new[] { (1, 9), (3, 140), (2, 256) })
        {
            string name = $"frames{frames}";
            int[] shape = [clips, 1, frames, _audio.MelBins];
            float[] values = GoldenFile.LogMel(name, shape);
            file.Add($"in/{name}", shape, values);
            using var clap = new ClapAudio(_audio, Joint, DType.Float64, seed: seed);
            var logMel = Tensor.From(Array.ConvertAll(values, value => (double)value), shape, CpuDevice.Shared);
            file.Add($"{name}/pooler_output", clap.Encoder.Forward(logMel, null));
            file.Add($"{name}/audio_embeds", clap.Embed(logMel, pass: null));
            if (clips != 3) continue;
            Backward(clap, pass => clap.Embed(logMel, pass), pass: null, "cotangent.audio", seed);
            AddGradients(file, clap);
            using var trained = new ClapAudio(_audio, Joint, DType.Float64, seed: seed);
            file.Add("train/audio_embeds",
                Backward(trained, pass => trained.Embed(logMel, pass), new TrainingPass(seed: 0, step: 0), "cotangent.audio", seed));
            foreach (var (buffer, tensor) in trained.Encoder.Buffers()) file.Add($"train/after/{buffer["bn0.".Length..]}", tensor);
        }
    }

    static void WriteText(GoldenFile file, int seed)
    {
        int[] lengths = [7, 2, 13];
        var batch = Batch(file, "in/input_ids", lengths, 13);
        file.Add("in/attention_mask", [3, 13], [.. lengths.SelectMany(length => Enumerable.Range(0, 13).Select(i => i < length ? 1 : 0))]);
        using var clap = new ClapText(_text, Joint, DType.Float64, seed: seed);
        for (int layers = 1; layers <= _text.Layers; layers++) file.Add($"text/hidden{layers}", clap.Encoder.TokenStates(batch, layers));
        file.Add("text/pooler_output", clap.Encoder.Forward(batch));
        file.Add("text/text_embeds", clap.Embed(batch, pass: null));
        file.Add("text512/text_embeds", clap.Embed(Batch(file, "in/input_ids_512", [20], 20), pass: null));
        using var laion = new ClapText(_text with { LayerNormEpsilon = 1e-5 }, Joint, DType.Float64, seed: seed);
        file.Add("text_eps1e-5/text_embeds", laion.Embed(batch, pass: null));

        const string Words = "text_model.embeddings.word_embeddings.weight";
        Backward(clap, pass => clap.Embed(batch, pass), new TrainingPass(seed: 0, step: 0), "cotangent.text", seed);
        AddGradients(file, clap, except: Words);
        double[] words = clap.Parameters().Single(item => item.Name == Words).Tensor.Gradient!.Values();
        file.Add($"gradnorm/{Words}", [1], (double[])[Math.Sqrt(words.Sum(value => value * value))]);
        int[] rows = [.. batch.Ids.Distinct().Order()];
        file.Add($"gradrows/{Words}", [rows.Length, _text.Width],
            (double[])[.. rows.SelectMany(row => words.Skip(row * _text.Width).Take(_text.Width))]);
    }

    static TokenBatch Batch(GoldenFile file, string name, int[] lengths, int width)
    {
        int[] ids = [.. lengths.SelectMany((length, row) =>
            Enumerable.Range(0, width).Select(i => i < length ? 3 + (5 * row + 7 * i) % 38 : 1))];
        file.Add(name, [lengths.Length, width], ids);
        return new TokenBatch(ids, lengths, width);
    }

    static Tensor Backward(Module half, Func<TrainingPass?, Tensor> embed, TrainingPass? pass, string cotangent, int seed)
    {
        Assert.All(half.Parameters(), item => Assert.Null(item.Tensor.Gradient));
        using var tape = Tape.Begin();
        var embeddings = embed(pass);
        double[] values = [.. Enumerable.Range(0, (int)embeddings.Count).Select(FormulaWeights.Uniform(cotangent, seed))];
        tape.Backward(embeddings, Tensor.From(values, embeddings.Shape.Sizes.ToArray(), CpuDevice.Shared));
        return embeddings;
    }

    static void AddGradients(GoldenFile file, Module half, string? except = null)
    {
        foreach (var (name, parameter) in half.Parameters())
        {
            if (name == except) continue;
            string[] sources = ClapNames.Sources(name);
            int[] shape = parameter.Shape.Sizes.ToArray();
            shape[0] /= sources.Length;
            foreach (var (source, values) in sources.Zip(parameter.Gradient!.Values().Chunk((int)parameter.Count / sources.Length)))
                file.Add($"grad/{source}", shape, values);
        }
    }
}
