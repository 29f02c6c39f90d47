using System.Text.Json;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Cases;

/// <summary>Both halves of a narrow CLAP against Hugging Face's: embeddings, gradients, one step of training.</summary>
static class ClapCases
{
    const string Golden = "clap/clap-tiny/golden.safetensors", Config = "clap/clap-tiny/config.json";
    const string Frames = "in/frames", Ids = "in/input_ids", Mask = "in/attention_mask", LongIds = "in/input_ids_512";

    /// <summary>
    /// Products in a row: those of a block or layer are queries and keys, their scores, the attended, the projection, widening and
    /// narrowing; beside nine blocks come the patches, three mergers and the head, beside two layers the pooler and the head.
    /// </summary>
    const int AudioProducts = 9 * 6 + 1 + 3 + 2, TextProducts = 2 * 6 + 1 + 2;

    public static IEnumerable<ParityCase> All =>
    [
        .. Of("HTS-AT tiny: embeddings", AudioEmbeddings, forward: true, AudioProducts),
        .. Of("HTS-AT tiny: gradients", AudioGradients, forward: false, AudioProducts),
        .. Of("HTS-AT tiny: training and running statistics", AudioTraining, forward: true, AudioProducts),
        .. Of("RoBERTa tiny: embeddings and token states", TextEmbeddings, forward: true, TextProducts),
        .. Of("RoBERTa tiny: gradients", TextGradients, forward: false, TextProducts),
    ];

    static IEnumerable<ParityCase> Of(string name, Func<ParityFolder, DType, WorstError> measure, bool forward, int products) =>
    [
        new($"{name}, float64", 1e-10, [Golden, Config], folder => measure(folder, DType.Float64)),
        new($"{name}, float32", forward ? 1e-5 : 1e-4, [Golden, Config], folder => measure(folder, DType.Float32))
        {
            OnAnyDevice = true,
            Reduced = forward ? ReducedTolerance.OfResults(products) : ReducedTolerance.OfGradients(products, relu: false),
        },
    ];

    static WorstError AudioEmbeddings(ParityFolder folder, DType dtype)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(Golden);
        using var clap = Audio(folder, dtype);
        var worst = new WorstError();
        foreach (string input in golden.Names.Where(name => name.StartsWith(Frames, StringComparison.Ordinal)))
        {
            string name = input["in/".Length..];
            var logMel = golden.Load(input, dtype, folder.Device);
            worst.Add(golden, $"{name}/pooler_output", clap.Encoder.Forward(logMel, null));
            worst.Add(golden, $"{name}/audio_embeds", clap.Embed(logMel, pass: null));
        }
        return worst;
    }

    static WorstError AudioGradients(ParityFolder folder, DType dtype)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(Golden);
        using var clap = Audio(folder, dtype);
        AudioBackward(folder, golden, clap, dtype, pass: null);
        var worst = new WorstError();
        worst.AddGradients(golden, "grad/", clap, folder.Device);
        return worst;
    }

    static WorstError AudioTraining(ParityFolder folder, DType dtype)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(Golden);
        using var clap = Audio(folder, dtype);
        var worst = new WorstError();
        worst.Add(golden, "train/audio_embeds", AudioBackward(folder, golden, clap, dtype, new TrainingPass(seed: 0, step: 0)));
        foreach (var (name, buffer) in clap.Encoder.Buffers()) worst.Add(golden, $"train/after/{name["bn0.".Length..]}", buffer);
        return worst;
    }

    /// <summary>The embeddings of the largest batch, through which the cotangent goes back.</summary>
    static Tensor AudioBackward(ParityFolder folder, SafetensorsFile golden, ClapAudio clap, DType dtype, TrainingPass? pass)
    {
        string input = golden.Names.Where(name => name.StartsWith(Frames, StringComparison.Ordinal)).MaxBy(name => golden.Sizes(name)[0])!;
        using var tape = Tape.Begin();
        var embeddings = clap.Embed(golden.Load(input, dtype, folder.Device), pass);
        tape.Backward(embeddings, Cotangent("cotangent.audio", embeddings, folder));
        return embeddings;
    }

    static WorstError TextEmbeddings(ParityFolder folder, DType dtype)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(Golden);
        var config = TextConfig(folder);
        var worst = new WorstError();
        var batch = Batch(golden, Ids, Mask);
        using (var clap = Text(folder, config, dtype))
        {
            for (int layers = 0; layers <= config.Layers; layers++)
                if (golden.Names.Contains($"text/hidden{layers}"))
                    States(worst, golden, $"text/hidden{layers}", clap.Encoder.TokenStates(batch, layers), batch);
            worst.Add(golden, "text/pooler_output", clap.Encoder.Forward(batch));
            worst.Add(golden, "text/text_embeds", clap.Embed(batch, pass: null));
            worst.Add(golden, "text512/text_embeds", clap.Embed(Batch(golden, LongIds, mask: null), pass: null));
        }
        // LAION's own package takes the epsilon of roberta-base.
        using var laion = Text(folder, config with { LayerNormEpsilon = 1e-5 }, dtype);
        worst.Add(golden, "text_eps1e-5/text_embeds", laion.Embed(batch, pass: null));
        return worst;
    }

    static WorstError TextGradients(ParityFolder folder, DType dtype)
    {
        const string Words = "text_model.embeddings.word_embeddings.weight";
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(Golden);
        var config = TextConfig(folder);
        using var clap = Text(folder, config, dtype);
        using (var tape = Tape.Begin())
        {
            var embeddings = clap.Embed(Batch(golden, Ids, Mask), new TrainingPass(seed: 0, step: 0));
            tape.Backward(embeddings, Cotangent("cotangent.text", embeddings, folder));
        }
        var worst = new WorstError();
        worst.AddGradients(golden, "grad/", clap, folder.Device);
        // Of the table of words the golden file has the length and the rows of the tokens that occur.
        double[] words = clap.Parameters().Single(item => item.Name == Words).Tensor.Gradient!.Values();
        worst.AddRelative(golden.ReadFloat64($"gradnorm/{Words}"), [Math.Sqrt(words.Sum(value => value * value))], $"gradnorm/{Words}");
        var rows = golden.ReadInt64(Ids).Distinct().Order();
        worst.AddRelative(golden.ReadFloat64($"gradrows/{Words}"),
            [.. rows.SelectMany(row => words.AsSpan((int)row * config.Width, config.Width).ToArray())], $"gradrows/{Words}");
        return worst;
    }

    static void States(WorstError worst, SafetensorsFile golden, string name, Tensor states, TokenBatch batch)
    {
        double[] expected = golden.ReadFloat64(name), actual = states.Values();
        int width = states.Shape[2];
        for (int row = 0; row < batch.Count; row++)
        {
            int start = row * batch.Width * width, count = batch.Lengths[row] * width;
            worst.AddRelative(expected.AsSpan(start, count), actual.AsSpan(start, count), $"{name}, sentence {row}");
        }
    }

    static TokenBatch Batch(SafetensorsFile golden, string ids, string? mask)
    {
        int width = golden.Sizes(ids)[1];
        int[] lengths = mask is null ? [width] : [.. golden.ReadInt64(mask).Chunk(width).Select(row => (int)row.Sum())];
        return new TokenBatch([.. golden.ReadInt64(ids).Select(id => (int)id)], lengths, width);
    }

    static Tensor Cotangent(string name, Tensor embeddings, ParityFolder folder)
    {
        var uniform = FormulaWeights.Uniform(name, FormulaSeed.Of(folder));
        double[] values = [.. Enumerable.Range(0, (int)embeddings.Count).Select(uniform)];
        int[] shape = embeddings.Shape.Sizes.ToArray();
        return embeddings.DType == DType.Float64 ? Tensor.From(values, shape, folder.Device)
            : Tensor.From(Array.ConvertAll(values, value => (float)value), shape, folder.Device);
    }

    static ClapAudio Audio(ParityFolder folder, DType dtype)
    {
        using var json = SmallFile.ReadJson(folder.Require(Config), ParityFolder.LargestFileBytes);
        var audio = json.RootElement.GetProperty("audio_config");
        var config = new HtsAtConfig
        {
            MelBins = Integer(audio, "num_mel_bins"), ImageSize = Integer(audio, "spec_size"), PatchSize = Integer(audio, "patch_size"),
            PatchWidth = Integer(audio, "patch_embeds_hidden_size"), Depths = Integers(audio, "depths"),
            Heads = Integers(audio, "num_attention_heads"), Window = Integer(audio, "window_size"),
            MlpRatio = audio.GetProperty("mlp_ratio").GetDouble(), LayerNormEpsilon = audio.GetProperty("layer_norm_eps").GetDouble(),
        };
        return new ClapAudio(config, Integer(json.RootElement, "projection_dim"), dtype, folder.Device, FormulaSeed.Of(folder));
    }

    static RobertaConfig TextConfig(ParityFolder folder)
    {
        using var json = SmallFile.ReadJson(folder.Require(Config), ParityFolder.LargestFileBytes);
        var text = json.RootElement.GetProperty("text_config");
        return new RobertaConfig
        {
            VocabularySize = Integer(text, "vocab_size"), Width = Integer(text, "hidden_size"),
            Layers = Integer(text, "num_hidden_layers"), Heads = Integer(text, "num_attention_heads"),
            HiddenWidth = Integer(text, "intermediate_size"), MaxPositions = Integer(text, "max_position_embeddings"),
            LayerNormEpsilon = text.GetProperty("layer_norm_eps").GetDouble(), Dropout = 0, AttentionDropout = 0,
            Pooling = TextPooling.Pooler,
        };
    }

    static ClapText Text(ParityFolder folder, RobertaConfig config, DType dtype)
    {
        using var json = SmallFile.ReadJson(folder.Require(Config), ParityFolder.LargestFileBytes);
        return new ClapText(config, Integer(json.RootElement, "projection_dim"), dtype, folder.Device, FormulaSeed.Of(folder));
    }

    static int Integer(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    static int[] Integers(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(item => item.GetInt32())];
}
