using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;
using NativeRetrieval.WeightsConvert.Catalogue;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.WeightsConvert.Tests.Conversion;

public sealed class TextConversionTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_pickled_BERT_gives_the_reference_s_vectors()
    {
        const string Name = "fixtures/bert-tiny/pytorch_model.bin";
        if (Fixtures.Shared(Name) is not { } path)
        {
            Assert.Skip(Fixtures.WhyAbsent(Name));
            return;
        }
        var report = Convert(path, vocabulary: SyntheticCheckpoint.WriteVocabulary(_folder["words.txt"], 211));
        Assert.Equal(("bert", 37, 0), (report.Map, report.Mapped, report.Ignored.Count));
        using var golden = SafetensorsFile.Open(Fixtures.Small("bert-tiny/golden.safetensors"));
        int[] ids = [.. golden.ReadInt64("input_ids").Select(id => (int)id)];
        int[] lengths = [.. golden.ReadInt64("attention_mask").Chunk(13).Select(row => (int)row.Sum())];
        Golden.Check(golden.ReadFloat64("cls"), Embed(new TokenBatch(ids, lengths, 13)), 1e-5, "[CLS]");
    }

    [Fact]
    public void A_sentence_transformers_folder_keeps_its_pooling_and_tokenizer()
    {
        const string Name = "weights/all-MiniLM-L6-v2", Goldens = "fixtures/minilm/golden.safetensors";
        if (Fixtures.Shared(Name) is not { } path || Fixtures.Shared(Goldens) is not { } goldenPath)
        {
            Assert.Skip(Fixtures.WhyAbsent(Name));
            return;
        }
        Convert(path);
        using var golden = SafetensorsFile.Open(goldenPath);
        string[] texts = JsonSerializer.Deserialize<string[]>(File.ReadAllText(Path.Combine(Path.GetDirectoryName(goldenPath)!,
            "texts.json")))!;
        var config = BertFolder.ReadConfig(Target);
        Assert.Equal(TextPooling.Mean, config.Pooling);
        var batch = BertFolder.ReadTokenizer(Target, config).EncodeBatch(texts, maxLength: 128);
        Assert.Equal(golden.ReadInt64("input_ids"), batch.Ids.Select(id => (long)id));
        double[] expected = golden.ReadFloat64("mean_pooled"), actual = Embed(batch);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-4, $"{i}: {actual[i]}, expected {expected[i]}");
        Assert.Empty(ChecksumList.Verify(Target, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Without_a_configuration_sizes_follow_from_shapes_and_heads_are_64_wide()
    {
        var report = Convert(SyntheticCheckpoint.Bert().Write(_folder["bert.safetensors"]), vocabulary: Vocabulary());
        Assert.Equal(SyntheticCheckpoint.SmallBert with { Heads = 1 }, BertFolder.ReadConfig(Target));
        Assert.Contains("1 attention heads", Assert.Single(report.Notes));
        BertFolder.ReadEncoder(Target, CpuDevice.Shared, out var ignored).Dispose();
        Assert.Empty(ignored);
    }

    [Fact]
    public void Heads_can_be_given() =>
        Assert.Equal(4, Convert(() => new() { Checkpoint = SyntheticCheckpoint.Bert().Write(_folder["bert.safetensors"]), Target = Target,
            Vocabulary = Vocabulary(), Heads = 4 }) is { Notes.Count: 0 }
            ? BertFolder.ReadConfig(Target).Heads : 0);

    [Fact]
    public void A_configuration_of_another_model_is_refused()
    {
        Directory.CreateDirectory(_folder["hub"]);
        SyntheticCheckpoint.Bert().Write(_folder["hub/model.safetensors"]);
        SyntheticCheckpoint.WriteVocabulary(_folder["hub/vocab.txt"]);
        File.WriteAllText(_folder["hub/config.json"], (SyntheticCheckpoint.SmallBert with { Layers = 3 }).ToJson().ToJsonString());
        Assert.Contains("3 layers of width 64", Assert.Throws<CorruptFileException>(() => Convert(_folder["hub"])).Message);
        NothingIsLeft("hub");
    }

    [Fact]
    public void Without_a_vocabulary_there_is_no_text_encoder()
    {
        string path = SyntheticCheckpoint.Bert().Write(_folder["bert.safetensors"]);
        Assert.Contains("--vocabulary", Assert.Throws<OptionException>(() => Convert(path)).Message);
        Assert.Contains("12", Assert.Throws<CorruptFileException>(() =>
            Convert(path, vocabulary: SyntheticCheckpoint.WriteVocabulary(_folder["words.txt"], 13))).Message);
        NothingIsLeft("bert.safetensors", "words.txt");
    }

    [Fact]
    public void A_sharded_folder_is_one_model()
    {
        Directory.CreateDirectory(_folder["hub"]);
        var (first, second) = (SyntheticCheckpoint.Bert(), SyntheticCheckpoint.Bert());
        string[] names = [.. first.Names];
        foreach (string name in names) (name.Contains("layer.1") ? first : second).Remove(name);
        first.Write(_folder["hub/model-00001-of-00002.safetensors"]);
        second.Write(_folder["hub/model-00002-of-00002.safetensors"]);
        string map = string.Join(",",
            names.Select(name => $"\"{name}\":\"model-0000{(name.Contains("layer.1") ? 2 : 1)}-of-00002.safetensors\""));
        File.WriteAllText(_folder["hub/model.safetensors.index.json"], "{\"metadata\":{},\"weight_map\":{" + map + "}}");
        SyntheticCheckpoint.WriteVocabulary(_folder["hub/vocab.txt"]);
        Assert.Equal(names.Length, Convert(_folder["hub"]).Mapped);
        BertFolder.ReadEncoder(Target, CpuDevice.Shared, out _).Dispose();
    }

    [Fact]
    public void A_folder_that_holds_something_is_left_alone()
    {
        string path = SyntheticCheckpoint.Bert().Write(_folder["bert.safetensors"]);
        Directory.CreateDirectory(Target);
        Convert(path, vocabulary: Vocabulary());
        Assert.Contains("absent or empty", Assert.Throws<FileWriteException>(() => Convert(path, vocabulary: Vocabulary())).Message);
    }

    [Fact]
    public void A_cancelled_conversion_leaves_nothing_behind()
    {
        var request = new ConversionRequest
        {
            Checkpoint = SyntheticCheckpoint.Bert().Write(_folder["bert.safetensors"]),
            Target = Target,
            Vocabulary = Vocabulary(),
        };
        Assert.ThrowsAny<OperationCanceledException>(() => CheckpointConversion.Run(request, new CancellationToken(canceled: true)));
        NothingIsLeft("bert.safetensors", "words.txt");
    }

    [Fact]
    public void Options_for_an_audio_encoder_are_refused() =>
        Assert.Throws<OptionException>(() => Convert(() => new()
        {
            Checkpoint = SyntheticCheckpoint.Bert().Write(_folder["bert.safetensors"]),
            Target = Target,
            Vocabulary = Vocabulary(),
            FrontEnd = "16k",
        }));

    public void Dispose() => _folder.Dispose();

    string Target => _folder["model"];

    string Vocabulary() => SyntheticCheckpoint.WriteVocabulary(_folder["words.txt"]);

    ConversionReport Convert(string checkpoint, string? vocabulary = null) =>
        Convert(() => new() { Checkpoint = checkpoint, Target = Target, Vocabulary = vocabulary });

    static ConversionReport Convert(Func<ConversionRequest> request) =>
        CheckpointConversion.Run(request(), TestContext.Current.CancellationToken);

    void NothingIsLeft(params string[] expected) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(_folder.FullPath).Select(Path.GetFileName)
            .Order(StringComparer.Ordinal));

    double[] Embed(TokenBatch batch)
    {
        using var scope = TensorScope.Begin();
        using var encoder = BertFolder.ReadEncoder(Target, CpuDevice.Shared, out _);
        return Array.ConvertAll(encoder.Forward(batch).ToArray<float>(), value => (double)value);
    }
}
