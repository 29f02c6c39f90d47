using System.Text.Json;
using System.Text.Json.Serialization;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Cases;

/// <summary>BERT against Hugging Face's: a tiny one with all gradients, the full size with formula weights, and MiniLM from text.</summary>
static class BertCases
{
    const string Tiny = "bert-tiny/golden.safetensors", TinyConfig = "bert-tiny/config.json", Base = "full-size/bert-base.safetensors";
    const string MiniLm = "weights/all-MiniLM-L6-v2", MiniLmGolden = "minilm/golden.safetensors", MiniLmTexts = "minilm/texts.json";

    /// <summary>Products in a row of a layer: of queries and keys, with values, of the attended, widening, narrowing.</summary>
    const int ProductsOfLayer = 6;

    const int TinyLayers = 2, MiniLmLayers = 6, BaseLayers = 12;

    public static IEnumerable<ParityCase> All =>
    [
        new("BERT tiny: vectors, token states and gradients, float64", 1e-9, [Tiny, TinyConfig],
            folder => TinyModel(folder, DType.Float64, 1e-9)),
        new("BERT tiny: vectors, token states and gradients, float32", 1e-5, [Tiny, TinyConfig],
            folder => TinyModel(folder, DType.Float32, 1e-5))
        {
            OnAnyDevice = true, Reduced = ReducedTolerance.OfGradients(TinyLayers * ProductsOfLayer, relu: false),
        },
        new("bert-base, float32", 1e-5, [Base], BertBase)
        {
            OnAnyDevice = true, Reduced = ReducedTolerance.OfResults(BaseLayers * ProductsOfLayer),
        },
        new("MiniLM-L6 from text: CLS, mean and first layer, float32", 1e-4, [MiniLmGolden, MiniLmTexts, MiniLm], Pretrained)
        {
            Unit = "absolute", OnAnyDevice = true,
            Reduced = ReducedTolerance.OfResults(MiniLmLayers * ProductsOfLayer) with { Unit = "absolute" },
        },
    ];

    static WorstError TinyModel(ParityFolder folder, DType dtype, double tolerance)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(Tiny);
        using var encoder = new BertEncoder(BertConfig.Read(folder.Require(TinyConfig)), folder.Device, random: null, dtype);
        StateFile.Read(golden, encoder, name => name.StartsWith("weight/", StringComparison.Ordinal) ? name["weight/".Length..] : null);
        var batch = Batch(golden);
        var worst = new WorstError();
        States(worst, golden, encoder, batch);
        using (var tape = Tape.Begin())
        {
            var vectors = encoder.Forward(batch, new TrainingPass(seed: 0, step: 0));
            worst.Add(golden, "cls", vectors);
            tape.Backward(vectors, golden.Load("cotangent", dtype, folder.Device));
        }
        worst.AddGradients(golden, folder.Device, encoder, IsKeyBias);
        if (folder.Device.Precision != Precision.Float32) return worst;
        // A key bias moves all scores of a query alike and soft-max ignores that:
        // its gradient is zero but for rounding, and is compared absolutely.
        double keyBias = dtype == DType.Float64 ? 1e-12 : 1e-5;
        foreach (var (name, parameter) in encoder.Parameters().Where(item => IsKeyBias(item.Name)))
            worst.Add(parameter.Gradient!.Values().Max(Math.Abs) / keyBias * tolerance, $"grad/{name}");
        return worst;

        static bool IsKeyBias(string name) => name.EndsWith("key.bias", StringComparison.Ordinal);
    }

    static WorstError BertBase(ParityFolder folder)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(Base);
        using var encoder = new BertEncoder(new BertConfig(), folder.Device, random: null).FillByFormula(FormulaSeed.Of(folder));
        var worst = new WorstError();
        States(worst, golden, encoder, Batch(golden));
        return worst;
    }

    static WorstError Pretrained(ParityFolder folder)
    {
        using var scope = TensorScope.Begin();
        using var golden = folder.Open(MiniLmGolden);
        string path = folder.Require(MiniLm);
        string json = SmallFile.ReadText(folder.Require(MiniLmTexts), ParityFolder.LargestFileBytes);
        string[] texts = JsonSerializer.Deserialize(json, TextsJson.Default.StringArray)!;
        var config = BertFolder.ReadConfig(path);
        var batch = BertFolder.ReadTokenizer(path, config).EncodeBatch(texts, maxLength: golden.Sizes("input_ids")[1]);
        var worst = new WorstError();
        if (!golden.ReadInt64("input_ids").SequenceEqual(batch.Ids.Select(id => (long)id))) worst.Add(double.PositiveInfinity, "token ids");
        using var mean = BertFolder.ReadEncoder(path, folder.Device, out _, config with { Pooling = TextPooling.Mean });
        worst.AddLargest(golden.ReadFloat64("mean_pooled"), mean.Forward(batch).Values(), "mean");
        using var first = BertFolder.ReadEncoder(path, folder.Device, out _, config with { Pooling = TextPooling.Cls });
        worst.AddLargest(golden.ReadFloat64("cls"), first.Forward(batch).Values(), "CLS");

        string states = golden.Names.Single(name => name.StartsWith("layer1_", StringComparison.Ordinal));
        double[] layer = mean.TokenStates(batch, layers: 1).Values(), expected = golden.ReadFloat64(states);
        int tokens = golden.Sizes(states)[1], width = mean.Width;
        for (int row = 0; row < golden.Sizes(states)[0]; row++)
        {
            int count = Math.Min(tokens, batch.Lengths[row]) * width;
            worst.AddLargest(expected.AsSpan(row * tokens * width, count), layer.AsSpan(row * batch.Width * width, count), "first layer");
        }
        return worst;
    }

    /// <summary>The last layer's states of real tokens.</summary>
    static void States(WorstError worst, SafetensorsFile golden, BertEncoder encoder, TokenBatch batch)
    {
        double[] states = encoder.TokenStates(batch).Values(), expected = golden.ReadFloat64("last_hidden_state");
        for (int row = 0; row < batch.Count; row++)
        {
            int start = row * batch.Width * encoder.Width, count = batch.Lengths[row] * encoder.Width;
            worst.AddRelative(expected.AsSpan(start, count), states.AsSpan(start, count), $"states of sentence {row}");
        }
    }

    static TokenBatch Batch(SafetensorsFile golden)
    {
        int width = golden.Sizes("input_ids")[1];
        int[] lengths = [.. golden.ReadInt64("attention_mask").Chunk(width).Select(row => (int)row.Sum())];
        return new TokenBatch([.. golden.ReadInt64("input_ids").Select(id => (int)id)], lengths, width);
    }
}

/// <summary>JSON of a list of texts.</summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class TextsJson : JsonSerializerContext;
