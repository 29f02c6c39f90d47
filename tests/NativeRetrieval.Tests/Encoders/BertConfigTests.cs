using System.Text.Json.Nodes;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Encoders;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Encoders;

public sealed class BertConfigTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Fact]
    public void What_is_written_reads_back()
    {
        var config = new BertConfig
        {
            VocabularySize = 100, Width = 12, Layers = 3, Heads = 4, HiddenWidth = 9, MaxPositions = 30, Dropout = 0.25, PaddingId = null,
        };
        Assert.Equal(config, Read(config.ToJson()));
    }

    [Theory]
    [InlineData("model_type", "\"distilbert\"")]
    [InlineData("hidden_act", "\"gelu_new\"")]
    [InlineData("position_embedding_type", "\"relative_key\"")]
    [InlineData("model_type", "\"LONE\"")]
    [InlineData("model_type", "7")]
    [InlineData("hidden_size", "767")]
    [InlineData("hidden_size", "\"768\"")]
    [InlineData("num_hidden_layers", "0")]
    [InlineData("vocab_size", "1e12")]
    [InlineData("vocab_size", null)]
    [InlineData("hidden_dropout_prob", "1")]
    [InlineData("layer_norm_eps", "0")]
    public void Another_architecture_or_an_impossible_size_is_refused_by_file_and_name(string key, string? value)
    {
        var json = new BertConfig().ToJson();
        json[key] = value is null ? null : JsonNode.Parse(value);
        var e = Assert.Throws<CorruptFileException>(() => Read(json));
        Assert.StartsWith(_folder["config.json"], e.Message);
    }

    [Fact]
    public void Names_that_are_no_text_do_no_harm()
    {
        var json = new BertConfig().ToJson();
        json["LONE"] = 1;
        Assert.Equal(new BertConfig(), Read(json));
    }

    [Fact]
    public void Sentences_that_the_model_cannot_take_are_refused()
    {
        var config = new BertConfig { VocabularySize = 10, Width = 4, Layers = 1, Heads = 2, HiddenWidth = 4, MaxPositions = 3 };
        using var encoder = new BertEncoder(config, CpuDevice.Shared, random: null);
        void Refused(TokenBatch batch, string said) =>
            Assert.Contains(said, Assert.Throws<ShapeException>(() => encoder.Forward(batch)).Message);

        Refused(new TokenBatch([1, 2, 3, 4], [4], 4), "3 positions");
        Refused(new TokenBatch([1, 10], [2], 2), "token id 10");
        Refused(new TokenBatch([1, -1], [2], 2), "token id -1");
        Refused(new TokenBatch([1, 2], [0], 2), "1 … 2");
        Refused(new TokenBatch([1, 2, 3], [2], 2), "need 2 ids");
        Refused(new TokenBatch([], [], 0), "at least one");
    }

    public void Dispose() => _folder.Dispose();

    BertConfig Read(JsonObject json)
    {
        // A lone surrogate can be written in JSON, though not by this writer.
        File.WriteAllText(_folder["config.json"], json.ToJsonString().Replace("LONE", "\\ud800"));
        return BertConfig.Read(_folder["config.json"]);
    }
}
