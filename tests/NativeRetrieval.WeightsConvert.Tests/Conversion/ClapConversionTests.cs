using System.Text.Json.Nodes;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Models;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.WeightsConvert.Tests.Conversion;

/// <summary>CLAP in Hugging Face's form and in LAION's, there and back, on a narrow model of their exact layout.</summary>
public sealed class ClapConversionTests : IDisposable
{
    const string Clap = "fixtures/clap";

    readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("pytorch_model.bin")]
    [InlineData("model.safetensors")]
    public void A_checkpoint_of_Hugging_Face_comes_back_byte_for_byte(string weights)
    {
        if (Source(weights) is not { } source) return;
        var report = Convert(source);
        Assert.Equal(("clap", ConversionReport.RetrievalModel), (report.Map, report.Kind));
        string back = _folder["back/model.safetensors"];
        Directory.CreateDirectory(_folder["back"]);
        ModelExport.Run(_folder["model"], back, map: null, TestContext.Current.CancellationToken);

        AssertSame(Path.Combine(source, weights), back);
        Assert.Equal(["config.json", "merges.txt", "model.safetensors", "preprocessor_config.json", "tokenizer_config.json", "vocab.json"],
            Directory.EnumerateFiles(_folder["back"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        JsonObject was = Json(Path.Combine(source, "config.json")), now = Json(_folder["back/config.json"]);
        foreach (string key in (string[])["projection_dim", "model_type", "projection_hidden_act"]) AssertSameValue(was, now, key);
        foreach (string part in (string[])["audio_config", "text_config"])
            foreach (var (key, _) in now[part]!.AsObject())
                if (was[part]!.AsObject().ContainsKey(key) && !key.Contains("dropout")) AssertSameValue(was[part]!, now[part]!, key);
        // What was written reads as the same model, and back to the same file.
        CheckpointConversion.Run(new() { Checkpoint = _folder["back"], Target = _folder["again"] }, TestContext.Current.CancellationToken);
        Assert.Equal(ModelFolder.ReadConfig(_folder["model"]), ModelFolder.ReadConfig(_folder["again"]));
        ModelExport.Run(_folder["again"], _folder["again.safetensors"], map: null, TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(back), File.ReadAllBytes(_folder["again.safetensors"]));
        Assert.Throws<FileWriteException>(() => ModelExport.Run(_folder["model"], back, map: null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_converted_model_says_what_it_came_from_and_computes_what_Hugging_Face_s_does()
    {
        if (Source("model.safetensors") is not { } source) return;
        Convert(source);
        Assert.Contains("name map `clap`", File.ReadAllText(_folder["model/README.md"]));
        using var scope = TensorScope.Begin();
        using var model = ModelFolder.Load(_folder["model"], CpuDevice.Shared);
        Assert.Equal((5, ShortClipRule.Repeat, 512, CaptionNormalizer.Unchanged, 20),
            (model.Config.MaxSeconds, model.Config.ShortClips, model.Config.MaxTokens, model.Config.Captions,
                model.Config.EmbeddingDimension));
        Assert.Equal((48_000, 480, 50, 32), (model.Config.LogMel.SampleRateHz, model.Config.LogMel.HopSamples, model.Config.LogMel.MinHz,
            model.Config.LogMel.MelBins));
        using var golden = SafetensorsFile.Open(Path.Combine(Fixtures.Shared(Clap)!, "clap-tiny/golden.safetensors"));
        using var frames = golden.Load("model/input_features", DType.Float32, CpuDevice.Shared);
        double[] audio = Op.L2Normalize(model.EmbedAudio(frames, lengths: null)).Values();
        int[] lengths = [.. golden.ReadInt64("in/attention_mask").Chunk(40).Select(row => (int)row.Sum())];
        int[][] ids = [.. golden.ReadInt64("in/input_ids").Select(id => (int)id).Chunk(40)];
        var batch = new TokenBatch([.. ids[0], .. ids[3], .. ids[4]], [lengths[0], lengths[3], lengths[4]], 40);
        double[] text = Op.L2Normalize(model.EmbedText(batch)).Values();
        var worst = new WorstError();
        worst.AddRelative(golden.ReadFloat64("model/logits_per_audio"), Logits(audio, text, model.Config.LogitScale!.AudioToText), "audio");
        worst.AddRelative(golden.ReadFloat64("model/logits_per_text"), Logits(text, audio, model.Config.LogitScale!.TextToAudio), "text");
        Assert.True(worst.Value <= 1e-5, $"{worst.Where}: {worst.Value:E2}");
        Assert.Equal([0, 217, 2], model.Tokenize(["dog"]).Row(0)[..2].ToArray().Append(2));

        static double[] Logits(double[] rows, double[] columns, double factor) =>
            [.. rows.Chunk(20).SelectMany(row => columns.Chunk(20).Select(column => factor * row.Zip(column, (x, y) => x * y).Sum()))];
    }

    [Fact]
    public void LAION_s_own_names_give_the_same_weights()
    {
        if (Source("model.safetensors") is not { } source) return;
        Convert(source);
        var report = CheckpointConversion.Run(new()
        {
            Checkpoint = Path.Combine(Fixtures.Shared(Clap)!, "laion-keys.pt"), Target = _folder["laion"], Heads = 3,
            Vocabulary = Path.Combine(Fixtures.Shared(Clap)!, "bpe"),
        }, TestContext.Current.CancellationToken);
        Assert.Equal("laion-clap", report.Map);
        AssertSame(_folder["model/model.safetensors"], _folder["laion/model.safetensors"]);
        var (one, other) = (ModelFolder.ReadConfig(_folder["model"]), ModelFolder.ReadConfig(_folder["laion"]));
        // LAION's package takes another epsilon and cuts captions sooner; the shape of its masks shows the size of the image.
        Assert.Equal((1e-5, 77), (other.TextEncoder.LayerNormEpsilon, other.MaxTokens));
        Assert.Equal(one.AudioEncoder, other.AudioEncoder);
        Assert.Equal(one.LogitScale, other.LogitScale);
        foreach (string word in (string[])["tscam_conv", "attn_mask", "audio_transform"])
            Assert.Contains(report.Ignored, ignored => ignored.Name.Contains(word));
        ModelExport.Run(_folder["laion"], _folder["laion.safetensors"], map: null, TestContext.Current.CancellationToken);
        using var back = SafetensorsFile.Open(_folder["laion.safetensors"]);
        Assert.Contains("audio_branch.layers.0.blocks.0.attn.qkv.weight", back.Names);
        Assert.Contains("text_branch.embeddings.position_ids", back.Names);
    }

    [Fact]
    public void Positions_of_another_network_are_refused()
    {
        if (Source("model.safetensors") is not { } source) return;
        Alter(source, name => name.EndsWith("2.blocks.1.attention.self.relative_position_index", StringComparison.Ordinal));
        string message = Assert.Throws<CorruptFileException>(() => Convert(source)).Message;
        Assert.Contains("layers.2.blocks.1.attention.self.relative_position_index is 1 at position 0", message);
        Assert.False(Directory.Exists(_folder["model"]));
    }

    [Theory]
    [InlineData("audio_config", "depths", "[2, 2, 2, 2]", "depths 2 2 2 2")]
    [InlineData("audio_config", "enable_fusion", "true", "unfused")]
    [InlineData("audio_config", "patch_stride", "[2, 2]", "patch_stride")]
    [InlineData("audio_config", "qkv_bias", "false", "qkv_bias")]
    [InlineData("text_config", "hidden_act", "\"gelu_new\"", "hidden_act")]
    [InlineData("text_config", "num_hidden_layers", "3", "3 layers")]
    [InlineData("text_config", "num_attention_heads", "5", "multiple of its heads")]
    public void A_configuration_of_another_network_is_refused(string part, string key, string value, string said)
    {
        if (Source("model.safetensors") is not { } source) return;
        var json = Json(Path.Combine(source, "config.json"));
        json[part]![key] = JsonNode.Parse(value);
        File.WriteAllText(Path.Combine(source, "config.json"), json.ToJsonString());
        Assert.Contains(said, Assert.ThrowsAny<NativeRetrievalException>(() => Convert(source)).Message);
        Assert.False(Directory.Exists(_folder["model"]));
    }

    [Theory]
    [InlineData("truncation", "\"fusion\"", "fused")]
    [InlineData("truncation", "null", "fused")]
    [InlineData("padding", "\"pad\"", "repeatpad")]
    [InlineData("top_db", "80", "top_db")]
    [InlineData("feature_size", "64", "mel bins")]
    public void A_front_end_that_is_not_computed_here_is_refused(string key, string value, string said)
    {
        if (Source("model.safetensors") is not { } source) return;
        var json = Json(Path.Combine(source, "preprocessor_config.json"));
        json[key] = JsonNode.Parse(value);
        File.WriteAllText(Path.Combine(source, "preprocessor_config.json"), json.ToJsonString());
        Assert.Contains(said, Assert.Throws<CorruptFileException>(() => Convert(source)).Message);
    }

    [Fact]
    public void Tensors_that_lack_are_named_as_the_checkpoint_would()
    {
        if (Source("model.safetensors") is not { } source) return;
        string path = Path.Combine(source, "model.safetensors");
        SafetensorsItem[] items;
        using (var file = SafetensorsFile.Open(path))
            items = [.. file.Entries.Where(entry => !entry.Name.EndsWith("0.blocks.1.attention.self.key.weight", StringComparison.Ordinal))
                .Select(entry => SafetensorsItem.FromBytes(entry.Name, entry.DType, entry.Shape, file.Bytes(entry.Name).ToArray()))];
        SafetensorsWriter.Write(path, items, null);
        string message = Assert.Throws<CorruptFileException>(() => Convert(source)).Message;
        Assert.Contains("missing: audio_model.audio_encoder.layers.0.blocks.1.attention.self.key.weight", message);
    }

    public void Dispose() => _folder.Dispose();

    ConversionReport Convert(string source) =>
        CheckpointConversion.Run(new() { Checkpoint = source, Target = _folder["model"] }, TestContext.Current.CancellationToken);

    /// <summary>A folder as Hugging Face's hub has it; null where the files are not there.</summary>
    string? Source(string weights)
    {
        if (Fixtures.Shared(Clap) is not { } clap)
        {
            Assert.Skip(Fixtures.WhyAbsent(Clap));
            return null;
        }
        string folder = _folder["source"];
        Directory.CreateDirectory(folder);
        foreach (string path in (string[])[$"clap-tiny/{weights}", "clap-tiny/config.json", "bpe/vocab.json", "bpe/merges.txt",
            "bpe/tokenizer.json", "bpe/tokenizer_config.json"])
        {
            string target = Path.Combine(folder, Path.GetFileName(path));
            File.WriteAllBytes(target, File.ReadAllBytes(Path.Combine(clap, path)));
        }
        var json = Json(Path.Combine(clap, "preprocessor_config.json"));
        (json["feature_size"], json["max_length_s"], json["chunk_length_s"]) = (32, 5, 5);
        File.WriteAllText(Path.Combine(folder, "preprocessor_config.json"), json.ToJsonString());
        return folder;
    }

    /// <summary>Adds 1 to the first number of an int64 tensor.</summary>
    static void Alter(string folder, Func<string, bool> chosen)
    {
        string path = Path.Combine(folder, "model.safetensors");
        SafetensorsItem[] items;
        using (var file = SafetensorsFile.Open(path))
            items = [.. file.Entries.Select(entry =>
            {
                byte[] bytes = file.Bytes(entry.Name).ToArray();
                if (chosen(entry.Name)) BitConverter.TryWriteBytes(bytes, 1L);
                return SafetensorsItem.FromBytes(entry.Name, entry.DType, entry.Shape, bytes);
            })];
        SafetensorsWriter.Write(path, items, null);
    }

    static void AssertSame(string expected, string actual)
    {
        using CheckpointFile one = CheckpointFile.Open(expected), other = CheckpointFile.Open(actual);
        var found = other.Tensors.ToDictionary(tensor => tensor.Name);
        Assert.Equal(one.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        foreach (var tensor in one.Tensors)
        {
            Assert.Equal(tensor.DType, found[tensor.Name].DType);
            Assert.Equal(tensor.Shape, found[tensor.Name].Shape);
            Assert.True(Bytes(one, tensor).SequenceEqual(Bytes(other, found[tensor.Name])), tensor.Name);
        }
    }

    static byte[] Bytes(CheckpointFile file, CheckpointTensor tensor)
    {
        using var stream = new MemoryStream();
        file.CopyTo(tensor, stream);
        return stream.ToArray();
    }

    static void AssertSameValue(JsonNode was, JsonNode now, string key) =>
        Assert.True(JsonNode.DeepEquals(was[key], now[key]), $"{key}: {was[key]?.ToJsonString()} became {now[key]?.ToJsonString()}");

    static JsonObject Json(string path) => JsonNode.Parse(File.ReadAllText(path))!.AsObject();
}
