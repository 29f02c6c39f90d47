using System.Security.Cryptography;
using System.Text.Json;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Text;

namespace NativeRetrieval.Parity.Tests.OtherSizes;

/// <summary>BERTs of other sizes and a tokenizer of another vocabulary.</summary>
static class TextEncoders
{
    static readonly string[] _texts = ["rain falls", "a dog barks and a dog barks and a dog barks", "", "thunder rolls over rain",
        "unknown \u00fc words"];

    /// <summary>Vectors, token states and gradients of a BERT that is 20 wide.</summary>
    public static void WriteTiny(string folder, int seed)
    {
        using var scope = TensorScope.Begin();
        var config = new BertConfig
        {
            VocabularySize = 37, Width = 20, Layers = 3, Heads = 5, HiddenWidth = 28, MaxPositions = 17,
            Dropout = 0, AttentionDropout = 0, LayerNormEpsilon = 1e-9,
        };
        using var encoder = new BertEncoder(config, CpuDevice.Shared, random: null, DType.Float64).FillByFormula(seed);
        var file = new GoldenFile();
        var batch = Batch(file, [11, 4, 9], width: 11, vocabulary: 37);
        foreach (var (name, tensor) in encoder.State()) file.Add($"weight/{name}", tensor);
        file.Add("last_hidden_state", encoder.TokenStates(batch));
        var cotangent = Tensor.From([.. Enumerable.Range(0, 60).Select(FormulaWeights.Uniform("bert.cotangent", seed))], (int[])[3, 20],
            CpuDevice.Shared);
        file.Add("cotangent", cotangent);
        using (var tape = Tape.Begin())
        {
            var vectors = encoder.Forward(batch, new TrainingPass(seed: 0, step: 0));
            file.Add("cls", vectors);
            tape.Backward(vectors, cotangent);
        }
        foreach (var (name, parameter) in encoder.Parameters()) file.Add($"grad/{name}", parameter.Gradient!);
        file.Write(Path.Combine(folder, "golden.safetensors"));
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJson().ToJsonString());
    }

    /// <summary>bert-base on three sentences, computed in float32.</summary>
    public static void WriteBase(string path, int seed)
    {
        using var scope = TensorScope.Begin();
        using var encoder = new BertEncoder(new BertConfig(), CpuDevice.Shared, random: null).FillByFormula(seed);
        var file = new GoldenFile();
        file.Add("last_hidden_state", encoder.TokenStates(Batch(file, [3, 6, 2], width: 6, vocabulary: 999)));
        file.Write(path);
    }

    /// <summary>A folder of a pre-trained BERT that is 16 wide, and what it makes of texts cut at nine tokens.</summary>
    public static void WritePretrained(string folder, string goldens, int seed)
    {
        using var scope = TensorScope.Begin();
        WriteVocabulary(folder);
        var config = new BertConfig { VocabularySize = 40, Width = 16, Layers = 2, Heads = 2, HiddenWidth = 24, MaxPositions = 30 };
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJson().ToJsonString());
        using var mean = new BertEncoder(config with { Pooling = TextPooling.Mean }, CpuDevice.Shared, random: null, DType.Float64)
            .FillByFormula(seed);
        var weights = new GoldenFile();
        foreach (var (name, tensor) in mean.State()) weights.Add(name, tensor);
        weights.Write(Path.Combine(folder, "model.safetensors"));

        var file = new GoldenFile();
        var batch = BertFolder.ReadTokenizer(folder, config).EncodeBatch(_texts, maxLength: 9);
        file.Add("input_ids", [batch.Count, batch.Width], batch.Ids);
        file.Add("mean_pooled", mean.Forward(batch));
        using var first = BertFolder.ReadEncoder(folder, CpuDevice.Shared, out _, config, DType.Float64);
        file.Add("cls", first.Forward(batch));
        double[] states = mean.TokenStates(batch, layers: 1).Values();
        file.Add("layer1_first3", [3, 7, 16],
            [.. Enumerable.Range(0, 3).SelectMany(row => states.Skip(row * batch.Width * 16).Take(7 * 16))]);
        file.Write(Path.Combine(goldens, "golden.safetensors"));
        File.WriteAllText(Path.Combine(goldens, "texts.json"), JsonSerializer.Serialize(_texts));
    }

    /// <summary>The ids of a few strings, and the hash of those of six caption files.</summary>
    public static void WriteTokens(string folder, string data)
    {
        WriteVocabulary(folder);
        var tokenizer = TextTokenizer.FromFile(Path.Combine(folder, "vocab.txt"));
        File.WriteAllLines(Path.Combine(folder, "hostile.jsonl"),
            _texts.Select(text => JsonSerializer.Serialize(new { text, ids = tokenizer.Encode(text) })));
        string[] files =
            [.. from set in (string[])["clotho", "audiocaps"] from part in (string[])["train", "val", "test"] select $"{set}/{part}.csv"];
        File.WriteAllText(Path.Combine(folder, "captions.json"),
            JsonSerializer.Serialize(new { files = files.Index().Select(entry => Hashed(entry.Item, entry.Index + 2)) }));

        object Hashed(string file, int rows)
        {
            string[] captions = [.. Enumerable.Range(0, 2 * rows).Select(i => string.Join(' ', Enumerable.Repeat("dog rain", i % 4 + 1)))];
            string path = Path.Combine(data, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllLines(path,
                ["file_name,caption_1,caption_2", .. captions.Chunk(2).Select((pair, i) => $"{i}.wav,{pair[0]},{pair[1]}")]);
            int[][] ids = [.. captions.Select(caption => tokenizer.Encode(caption))];
            byte[] bytes = [.. ids.SelectMany(row => (int[])[row.Length, .. row]).SelectMany(id => BitConverter.GetBytes(id))];
            return new { file, captions = captions.Length, tokens = ids.Sum(row => row.Length),
                sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)) };
        }
    }

    static void WriteVocabulary(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllLines(Path.Combine(folder, "vocab.txt"),
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "and", "bark", "##s", "dog", "falls", "over", "rain", "rolls", "thunder"]);
    }

    /// <summary>Sentences of random ids, padded with 0.</summary>
    public static TokenBatch Batch(GoldenFile file, int[] lengths, int width, int vocabulary)
    {
        double[] noise = GoldenFile.Noise("ids", lengths.Length * width);
        int[] ids = [.. noise.Select((value, i) => i % width < lengths[i / width] ? 1 + (int)((value + 1) / 2 * (vocabulary - 1)) : 0)];
        file.Add("input_ids", [lengths.Length, width], ids);
        file.Add("attention_mask", [lengths.Length, width], Array.ConvertAll(ids, id => Math.Sign(id)));
        return new TokenBatch(ids, lengths, width);
    }
}
