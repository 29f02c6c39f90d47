using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Encoders;

public sealed class BertFolderTests : IDisposable
{
    static readonly BertConfig Config = new() { VocabularySize = 6, Width = 4, Layers = 1, Heads = 2, HiddenWidth = 5, MaxPositions = 8 };

    readonly TemporaryFolder _folder = new();
    readonly TensorScope _scope = TensorScope.Begin();

    [Fact]
    public void Names_of_older_files_and_heads_are_understood()
    {
        using var source = Model();
        WriteFolder(source,
            name => "bert." + name.Replace("LayerNorm.weight", "LayerNorm.gamma").Replace("LayerNorm.bias", "LayerNorm.beta"),
            "bert.embeddings.position_ids", "bert.pooler.dense.weight", "cls.predictions.bias", "anything.else");

        using var read = BertFolder.ReadEncoder(_folder.FullPath, CpuDevice.Shared, out var ignored);

        Assert.Equal(["anything.else", "bert.embeddings.position_ids", "bert.pooler.dense.weight", "cls.predictions.bias"],
            ignored.Order(StringComparer.Ordinal));
        foreach (var ((name, expected), (_, actual)) in source.State().Zip(read.State()))
            Assert.True(expected.ToArray<float>().SequenceEqual(actual.ToArray<float>()), name);
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        using var source = Model();
        WriteFolder(source, name => name == "encoder.layer.0.output.dense.bias" ? null : name);
        var e = Assert.Throws<CorruptFileException>(() => BertFolder.ReadEncoder(_folder.FullPath, CpuDevice.Shared, out _));
        Assert.Contains("encoder.layer.0.output.dense.bias", e.Message);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named_with_both_shapes()
    {
        using var source = Model();
        WriteFolder(source, name => name);
        File.WriteAllText(_folder["config.json"], (Config with { HiddenWidth = 7 }).ToJson().ToJsonString());
        var e = Assert.Throws<CorruptFileException>(() => BertFolder.ReadEncoder(_folder.FullPath, CpuDevice.Shared, out _));
        Assert.Contains("intermediate.dense.bias", e.Message);
        Assert.Contains("[5]", e.Message);
        Assert.Contains("[7]", e.Message);
    }

    [Fact]
    public void A_tensor_without_a_place_is_refused()
    {
        using var source = Model();
        WriteFolder(source, name => name, "encoder.layer.1.output.dense.bias");
        Assert.Contains("encoder.layer.1.output.dense.bias",
            Assert.Throws<CorruptFileException>(() => BertFolder.ReadEncoder(_folder.FullPath, CpuDevice.Shared, out _)).Message);
    }

    [Fact]
    public void A_folder_with_only_a_pickle_says_what_to_do()
    {
        using var source = Model();
        WriteFolder(source, name => name);
        File.Move(_folder["model.safetensors"], _folder["pytorch_model.bin"]);
        Assert.Contains("convert",
            Assert.Throws<FileReadException>(() => BertFolder.ReadEncoder(_folder.FullPath, CpuDevice.Shared, out _)).Message);
    }

    [Fact]
    public void A_tokenizer_of_a_larger_vocabulary_is_refused()
    {
        File.WriteAllText(_folder["vocab.txt"], "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\n");
        Assert.Contains("different models",
            Assert.Throws<CorruptFileException>(() => BertFolder.ReadTokenizer(_folder.FullPath, Config)).Message);
        Assert.Equal(8, BertFolder.ReadTokenizer(_folder.FullPath, Config with { VocabularySize = 7 }).Options.MaxLength);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_refused() =>
        Assert.Contains("vocab.txt", Assert.Throws<CorruptFileException>(() => BertFolder.ReadTokenizer(_folder.FullPath, Config)).Message);

    [Theory]
    [InlineData("""{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false}""", TextPooling.Cls)]
    [InlineData("""{"pooling_mode_mean_tokens":true,"pooling_mode_max_tokens":false}""", TextPooling.Mean)]
    [InlineData("""{"pooling_mode_max_tokens":true}""", null)]
    [InlineData("""{"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":true}""", null)]
    [InlineData("""{"pooling_mode_cls_token":1}""", null)]
    [InlineData("[]", null)]
    public void Pooling_comes_from_the_pooling_file(string json, TextPooling? expected)
    {
        File.WriteAllText(_folder["config.json"], Config.ToJson().ToJsonString());
        Directory.CreateDirectory(_folder["1_Pooling"]);
        File.WriteAllText(_folder["1_Pooling/config.json"], json);
        if (expected is { } pooling) Assert.Equal(Config with { Pooling = pooling }, BertFolder.ReadConfig(_folder.FullPath));
        else Assert.Throws<CorruptFileException>(() => BertFolder.ReadConfig(_folder.FullPath));
    }

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    static BertEncoder Model() => new(Config, CpuDevice.Shared, new PhiloxSequence(new Philox(1)));

    void WriteFolder(BertEncoder model, Func<string, string?> rename, params string[] extra)
    {
        File.WriteAllText(_folder["config.json"], Config.ToJson().ToJsonString());
        var items = StateFile.Items(model).Where(item => rename(item.Name) is not null)
            .Select(item => item with { Name = rename(item.Name)! });
        SafetensorsWriter.Write(_folder["model.safetensors"],
            items.Concat(extra.Select(name => SafetensorsItem.Float32(name, [1], new float[1]))));
    }
}
