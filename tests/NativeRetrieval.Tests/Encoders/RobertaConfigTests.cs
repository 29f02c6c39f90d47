using System.Text.Json.Nodes;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Encoders;

public sealed class RobertaConfigTests : IDisposable
{
    static readonly RobertaConfig _small = new()
    {
        VocabularySize = 9, Width = 4, Layers = 1, Heads = 2, HiddenWidth = 5, MaxPositions = 7, Pooling = TextPooling.Pooler,
    };

    readonly TemporaryFolder _folder = new();

    [Fact]
    public void The_list_of_text_encoders_names_each_by_its_key()
    {
        Assert.Equal(["bert", "roberta"], TextArchitecture.All.Select(architecture => architecture.Key));
        foreach (var architecture in TextArchitecture.All)
        {
            Assert.Same(architecture, architecture.Published.Architecture);
            Write(architecture.Published.ToJson());
            Assert.Equal(architecture.Published, BertConfig.Read(_folder["config.json"]));
        }
    }

    [Fact]
    public void A_file_of_another_encoder_is_refused_and_one_that_names_none_is_BERT_s()
    {
        var json = new BertConfig().ToJson();
        json.Remove("model_type");
        Write(json);
        Assert.Equal(new BertConfig(), BertConfig.Read(_folder["config.json"]));
        json["model_type"] = "t5";
        Write(json);
        string message = Assert.Throws<CorruptFileException>(() => BertConfig.Read(_folder["config.json"])).Message;
        Assert.Contains("\"model_type\" is \"t5\", expected one of \"bert\", \"roberta\"", message);
    }

    [Fact]
    public void A_sentence_has_as_many_tokens_as_positions_behind_that_of_padding()
    {
        Assert.Equal((512, 5), (new RobertaConfig().MaxTokens, _small.MaxTokens));
        using var encoder = new BertEncoder(_small, CpuDevice.Shared, new PhiloxSequence(default));
        using (TensorScope.Begin()) encoder.Forward(new TokenBatch([0, 4, 5, 6, 2], [5], 5));
        string message = Assert.Throws<ShapeException>(() => encoder.Forward(new TokenBatch([0, 4, 5, 6, 7, 2], [6], 6))).Message;
        Assert.Contains("RoBERTa: a sentence of 6 tokens exceeds the model's 5 positions", message);
    }

    [Theory]
    [InlineData(7), InlineData(9), InlineData(-1), InlineData(int.MaxValue), InlineData(6)]
    public void A_padding_id_without_rows_is_refused(int id) =>
        Assert.Contains("RoBERTa", Assert.Throws<OptionException>((_small with { PaddingId = id }).Validate).Message);

    [Fact]
    public void Padding_inside_a_sentence_learns_nothing_and_every_other_parameter_does()
    {
        using var encoder = new BertEncoder(_small with { Dropout = 0.1, AttentionDropout = 0.1 }, CpuDevice.Shared,
            new PhiloxSequence(new Philox(3)));
        using var scope = TensorScope.Begin();
        using (var tape = Tape.Begin())
        {
            var y = encoder.Forward(new TokenBatch([0, 4, 1, 5, 2], [5], 5), new TrainingPass(seed: 1, step: 0));
            tape.Backward(y, Tensor.From([1f, -2f, 3f, 0.5f], [1, 4], CpuDevice.Shared));
        }
        var gradients = encoder.Parameters().ToDictionary(item => item.Name, item => item.Tensor.Gradient!.ToArray<float>());
        foreach (string table in (string[])["word", "position"])
        {
            float[] rows = gradients[$"embeddings.{table}_embeddings.weight"];
            Assert.All(rows.AsSpan(4, 4).ToArray(), value => Assert.Equal(0, value));
            Assert.Contains(rows, value => value != 0);
        }
        // Padding is not counted: four tokens have the positions 2 … 5.
        Assert.Equal([false, false, true, true, true, true, false],
            gradients["embeddings.position_embeddings.weight"].Chunk(4).Select(row => row.Any(value => value != 0)));
        Assert.Contains("pooler.dense.weight", gradients.Keys);
        foreach (var (name, values) in gradients) Assert.True(values.Any(value => value != 0), name);
    }

    [Fact]
    public void The_pooler_is_frozen_after_the_layers()
    {
        using var encoder = new BertEncoder(_small, CpuDevice.Shared, new PhiloxSequence(default));
        Assert.Equal(3, encoder.Stages.Count);
        Assert.Equal(2, encoder.Stages[^1].Parameters().Count());
    }

    public void Dispose() => _folder.Dispose();

    void Write(JsonObject json) => File.WriteAllText(_folder["config.json"], json.ToJsonString());
}
