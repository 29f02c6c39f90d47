using System.Text;
using System.Text.Json.Nodes;
using Microsoft.ML.Tokenizers;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;

namespace NativeRetrieval.Tests.Models;

public sealed class ModelFolderTests : IDisposable
{
    static readonly float[] _sine = [.. Enumerable.Range(0, 40_000).Select(i => MathF.Sin(i * 0.03f))];

    readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_configuration_that_does_not_name_its_encoder_is_CNN14()
    {
        var config = Save();
        Edit(json => Assert.True(json["audio_encoder"]!.AsObject().Remove("type")));
        Assert.Equal(config, ModelFolder.ReadConfig(_folder.FullPath));
        using var model = ModelFolder.Load(_folder.FullPath, CpuDevice.Shared);
        Assert.Same(PlainCnn.Cnn14, model.AudioEncoder.Config.Architecture);
    }

    [Fact]
    public void An_encoder_of_unknown_type_is_refused_by_file_and_name()
    {
        Save();
        Edit(json => json["audio_encoder"]!["type"] = "transformer");
        var error = Assert.Throws<CorruptFileException>(() => ModelFolder.ReadConfig(_folder.FullPath));
        Assert.StartsWith(_folder["config.json"], error.Message);
        Assert.Contains("transformer", error.Message);
        Assert.Contains("cnn14", error.Message);
    }

    [Fact]
    public void A_host_s_own_tokenizer_is_taken_and_never_saved_as_if_it_were_BERT_s()
    {
        Save();
        var vocabulary = Vocabulary.FromCaptions(["a dog"]);
        using var lines = new MemoryStream(Encoding.UTF8.GetBytes(vocabulary.ToVocabularyFile()));
        var whole = new TextTokenizer(vocabulary, tokenizer: WordPieceTokenizer.Create(lines));
        using var model = ModelFolder.Load(_folder.FullPath, CpuDevice.Shared, tokenizer: whole);

        Assert.Same(whole.Tokenizer, model.Tokenizer);
        Assert.Equal(1, model.Tokenize(["dog-a"]).UnknownTokens(0)); // cut at white space alone
        Assert.Equal(0, new TextTokenizer(vocabulary).EncodeBatch(["dog-a"]).UnknownTokens(0));
        Assert.Contains("WordPieceTokenizer",
            Assert.Throws<OptionException>(() => ModelFolder.Save(_folder.FullPath, model, "# A test\n")).Message);
    }

    [Fact]
    public void Half_of_a_model_gives_the_same_vectors_and_says_that_the_other_half_is_not_there()
    {
        Save();
        using var whole = ModelFolder.Load(_folder.FullPath, CpuDevice.Shared);
        using var reads = ModelFolder.Load(_folder.FullPath, CpuDevice.Shared, parts: ModelParts.Text);
        using var hears = ModelFolder.Load(_folder.FullPath, CpuDevice.Shared, parts: ModelParts.Audio);

        Assert.Equal(Text(whole), Text(reads));
        Assert.Equal(Sound(whole), Sound(hears));
        Assert.Equal(whole.State().Select(item => item.Name).Order(StringComparer.Ordinal),
            reads.State().Concat(hears.State()).Select(item => item.Name).Order(StringComparer.Ordinal));
        Assert.Contains("texts only", Assert.Throws<InvalidOperationException>(() => Sound(reads)).Message);
        Assert.Contains("sounds only", Assert.Throws<InvalidOperationException>(() => Text(hears)).Message);

        static float[] Text(RetrievalModel model) => Embedder.Texts(model, ["a dog"], TestContext.Current.CancellationToken);
        static float[] Sound(RetrievalModel model) => Embedder.Waveforms(model, [_sine], TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_model_whose_text_encoder_is_in_8_bits_hears_the_same_reads_nearly_the_same_and_is_not_saved()
    {
        Save();
        using var exact = RetrievalEngine.Open(_folder.FullPath, CpuDevice.Shared);
        using var reads = RetrievalEngine.Open(_folder.FullPath, CpuDevice.Shared, ModelParts.Text, TextPrecision.Int8);
        using var both = RetrievalEngine.Open(_folder.FullPath, CpuDevice.Shared, textPrecision: TextPrecision.Int8);
        using var hears = RetrievalEngine.Open(_folder.FullPath, CpuDevice.Shared, ModelParts.Audio, TextPrecision.Int8);

        Assert.Equal(exact.Fingerprint, both.Fingerprint);
        Assert.Equal(Sound(exact), Sound(both));
        Assert.Equal(Sound(exact), Sound(hears));
        float[] expected = exact.EmbedTexts(["a dog"]), actual = reads.EmbedTexts(["a dog"]);
        Assert.Equal(actual, both.EmbedTexts(["a dog", "a cat and a dog"])[..actual.Length]);
        Assert.NotEqual(expected, actual);
        Assert.InRange(expected.Zip(actual, (x, y) => x * y).Sum(), 0.99, 1.0001);
        Assert.Contains("opened in 8 bits",
            Assert.Throws<OptionException>(() => ModelFolder.Save(_folder.FullPath, both.Model, "# A test\n")).Message);

        static float[] Sound(RetrievalEngine engine) => engine.EmbedSamples([_sine], TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_weight_that_has_no_8_bit_form_is_refused_with_the_file()
    {
        Save();
        using (var model = ModelFolder.Load(_folder.FullPath, CpuDevice.Shared))
        {
            var weight = model.State().First(item => item.Name.EndsWith("intermediate.dense.weight", StringComparison.Ordinal)).Tensor;
            float[] values = weight.ToArray<float>();
            values[3] = float.NaN;
            weight.CopyFrom<float>(values);
            ModelFolder.Save(_folder.FullPath, model, "# A test\n");
        }
        var error = Assert.Throws<CorruptFileException>(() =>
            ModelFolder.Load(_folder.FullPath, CpuDevice.Shared, textPrecision: TextPrecision.Int8));
        Assert.StartsWith(_folder["model.safetensors"], error.Message);
        Assert.Contains("row 0 of the weight holds NaN", error.Message);
    }

    [Fact]
    public void A_model_with_RoBERTa_keeps_its_encoder_and_its_byte_level_tokenizer()
    {
        var config = Save() with
        {
            TextEncoder = new RobertaConfig
            {
                VocabularySize = 8, Width = 4, Layers = 1, Heads = 2, HiddenWidth = 5, MaxPositions = 10, Pooling = TextPooling.Pooler,
            },
        };
        string fingerprint = ModelFolder.Fingerprint(_folder.FullPath);
        foreach (string path in Directory.EnumerateFiles(_folder.FullPath)) File.Delete(path);
        var vocabulary = Vocabulary.FromTokens(["<s>", "<pad>", "</s>", "<unk>", "a", "b", "ab", "<mask>"]);
        using (var model = new RetrievalModel(config, TextTokenizer.ByteLevelBpe(vocabulary, [("a", "b")]), CpuDevice.Shared,
            new PhiloxSequence(new Philox(1))))
            ModelFolder.Save(_folder.FullPath, model, "# A test\n");

        Assert.Contains("\"type\": \"roberta\"", File.ReadAllText(_folder["config.json"]));
        foreach (string name in (string[])["vocab.json", "merges.txt", "tokenizer_config.json"])
            Assert.Contains($"  {name}\n", File.ReadAllText(_folder["SHA256SUMS"]));
        Assert.False(File.Exists(_folder["vocab.txt"]));
        using (var model = ModelFolder.Load(_folder.FullPath, CpuDevice.Shared))
        {
            Assert.Equal(config, model.Config);
            Assert.Equal([0, 6, 4, 2], model.Tokenize(["aba"]).Ids);
        }
        string own = ModelFolder.Fingerprint(_folder.FullPath);
        Assert.NotEqual(fingerprint, own);
        File.Delete(_folder["SHA256SUMS"]);
        File.WriteAllText(_folder["merges.txt"], "#version: 0.2\n");
        Assert.NotEqual(own, ModelFolder.Fingerprint(_folder.FullPath));
    }

    [Fact]
    public void BERT_s_configuration_names_no_type_and_may()
    {
        var config = Save();
        Edit(json =>
        {
            Assert.False(json["text_encoder"]!.AsObject().ContainsKey("type"));
            json["text_encoder"]!["type"] = "bert";
        });
        Assert.Equal(config, ModelFolder.ReadConfig(_folder.FullPath));
        Edit(json => json["text_encoder"]!["type"] = "t5");
        Assert.Contains("\"bert\", \"roberta\"",
            Assert.Throws<CorruptFileException>(() => ModelFolder.ReadConfig(_folder.FullPath)).Message);
    }

    [Theory]
    [InlineData(0, 6, 8, "audio_enc", "text_linear")]
    [InlineData(5, 0, 4, "text_enc", "audio_linear")]
    public void A_model_without_a_head_embeds_with_the_encoder_s_own_vector(int audio, int text, int dimension, string bare, string head)
    {
        var config = Save(config => config with { AudioHeadWidth = audio, TextHeadWidth = text, EmbeddingDimension = dimension });
        using var model = ModelFolder.Load(_folder.FullPath, CpuDevice.Shared);
        Assert.Equal(config, model.Config);
        string[] roots = [.. model.Parameters().Select(parameter => parameter.Name.Split('.')[0]).Distinct()];
        Assert.Contains(bare, roots);
        Assert.Equal([head], roots.Where(root => root.EndsWith("linear", StringComparison.Ordinal)));

        using var scope = TensorScope.Begin();
        var tokens = model.Tokenize(["a dog"]);
        var logMel = Tensor.Zeros([1, 1, 64, 64], CpuDevice.Shared);
        Assert.Equal(dimension, model.EmbedAudio(logMel, null).Shape[1]);
        Assert.Equal(dimension, model.EmbedText(tokens).Shape[1]);
        if (text == 0) Assert.Equal(model.TextEncoder.Forward(tokens).ToArray<float>(), model.EmbedText(tokens).ToArray<float>());
        if (audio == 0)
            Assert.Equal(model.AudioEncoder.Forward(logMel, null).ToArray<float>(), model.EmbedAudio(logMel, null).ToArray<float>());
    }

    [Theory]
    [InlineData(0, 6, "audio_head_width is 0, so that the audio encoder's vector of 8 values is the embedding, but "
        + "embedding_dimension is 7: make it 8, or give the head a width")]
    [InlineData(5, 0, "text_head_width is 0, so that the text encoder's vector of 4 values is the embedding, but "
        + "embedding_dimension is 7: make it 4, or give the head a width")]
    [InlineData(-1, 6, "head widths must be 0 … 65,536 and the embedding dimension 1 … 65,536, got -1, 6 and 7")]
    public void Without_a_head_the_embedding_has_the_encoder_s_width(int audio, int text, string message)
    {
        var fault = Assert.Throws<OptionException>(() => Save(config => config with { AudioHeadWidth = audio, TextHeadWidth = text }));
        Assert.Contains(message, fault.Message);
    }

    [Fact]
    public void An_engine_leaves_a_large_table_of_words_in_the_file_and_reads_the_same_vectors()
    {
        Save(config => config with { TextEncoder = config.TextEncoder with { VocabularySize = 21_000, Width = 200, Heads = 2 } });
        string[] texts = ["a dog", "a dog dog a", "dog"];
        using var model = ModelFolder.Load(_folder.FullPath, CpuDevice.Shared);
        using var engine = RetrievalEngine.Open(_folder.FullPath, CpuDevice.Shared, ModelParts.Text);
        float[] vectors = Embedder.Texts(model, texts, TestContext.Current.CancellationToken);
        Assert.Equal(vectors, engine.EmbedTexts(texts));

        // In the file, not in memory: a change of it is noticed, a touch is none.
        if (!OperatingSystem.IsLinux()) return;
        string path = _folder["model.safetensors"];
        byte[] content = File.ReadAllBytes(path);
        File.SetLastWriteTimeUtc(path, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(vectors, engine.EmbedTexts(texts));
        File.WriteAllBytes(path, [.. content.Select(value => (byte)(value ^ 1))]);
        Assert.Contains("word_embeddings", Assert.Throws<CorruptFileException>(() => engine.EmbedTexts(texts)).Message);
        Assert.Equal(vectors, Embedder.Texts(model, texts, TestContext.Current.CancellationToken));
        File.WriteAllBytes(path, content);
        Assert.Equal(vectors, engine.EmbedTexts(texts));
    }

    [Fact]
    public void The_other_half_of_an_open_model_is_of_the_same_model_or_refused()
    {
        Save();
        using var sounds = RetrievalEngine.Open(_folder.FullPath, CpuDevice.Shared, ModelParts.Audio);
        using (var both = RetrievalEngine.Open(_folder.FullPath, CpuDevice.Shared))
        using (var texts = sounds.OpenAgain(ModelParts.Text))
        {
            Assert.Equal(both.EmbedTexts(["a dog"]), texts.EmbedTexts(["a dog"]));
            Assert.Same(sounds.Model.TextTokenizer, texts.Model.TextTokenizer);
        }
        using (var rounded = sounds.OpenAgain(ModelParts.Text, TextPrecision.Int8))
        using (var same = rounded.OpenAgain(ModelParts.Text))
        using (var exact = rounded.OpenAgain(ModelParts.Text, TextPrecision.Float32))
            Assert.Equal((TextPrecision.Int8, TextPrecision.Int8, TextPrecision.Float32), (rounded.TextPrecision,
                same.ReadTexts(["a dog"]).Precision, exact.ReadTexts(["a dog"]).Precision));
        Save(config => config with { MaxTokens = 7 });
        string message = Assert.Throws<CorruptFileException>(() => sounds.OpenAgain(ModelParts.Text)).Message;
        Assert.Contains("holds another model than when it was opened", message);
    }

    [Fact]
    public void Long_texts_read_in_few_at_a_time_have_the_vectors_that_they_have_together()
    {
        Save(config => config with { TextEncoder = config.TextEncoder with { MaxPositions = 40 }, MaxTokens = 40 });
        string[] texts = [.. Enumerable.Range(0, 40).Select(i => string.Join(' ', Enumerable.Repeat(i % 2 == 0 ? "dog" : "a", 5 + i)))];
        using var model = ModelFolder.Load(_folder.FullPath, CpuDevice.Shared);
        var read = Embedder.ReadTexts(model, texts, TestContext.Current.CancellationToken);
        Assert.Equal(Embedder.Texts(model, texts, TestContext.Current.CancellationToken), read.Vectors);
        Assert.DoesNotContain(0f, read.Vectors);
    }

    public void Dispose() => _folder.Dispose();

    RetrievalModelConfig Save(Func<RetrievalModelConfig, RetrievalModelConfig>? change = null)
    {
        var config = (change ?? (same => same))(new RetrievalModelConfig
        {
            AudioEncoder = new Cnn14Config { Channels = [3, 4, 5, 6, 7, 8], PoolBlock6 = false },
            TextEncoder = new BertConfig { VocabularySize = 200, Width = 4, Layers = 1, Heads = 2, HiddenWidth = 5, MaxPositions = 8 },
            AudioHeadWidth = 5,
            TextHeadWidth = 6,
            EmbeddingDimension = 7,
            MaxTokens = 8,
        });
        using var model = new RetrievalModel(config, new TextTokenizer(Vocabulary.FromCaptions(["a dog"])), CpuDevice.Shared,
            new PhiloxSequence(new Philox(1)));
        ModelFolder.Save(_folder.FullPath, model, "# A test\n");
        return config;
    }

    void Edit(Action<JsonObject> change)
    {
        File.Delete(_folder["SHA256SUMS"]);
        var json = JsonNode.Parse(File.ReadAllText(_folder["config.json"]))!.AsObject();
        change(json);
        File.WriteAllText(_folder["config.json"], json.ToJsonString());
    }
}
