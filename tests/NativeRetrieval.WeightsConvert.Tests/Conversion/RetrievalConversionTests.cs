using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.WeightsConvert.Tests.Conversion;

public sealed class RetrievalConversionTests : IDisposable
{
    static readonly RetrievalModelConfig _config = new()
    {
        AudioEncoder = SyntheticCheckpoint.SmallCnn14,
        TextEncoder = SyntheticCheckpoint.SmallBert,
        AudioHeadWidth = 7,
        TextHeadWidth = 9,
        EmbeddingDimension = 5,
        MaxTokens = 16,
    };

    readonly TemporaryFolder _folder = new();
    readonly string _vocabulary;

    public RetrievalConversionTests() => _vocabulary = SyntheticCheckpoint.WriteVocabulary(_folder["words.txt"]);

    [Fact]
    public void A_checkpoint_of_the_report_s_authors_becomes_a_model()
    {
        var report = Convert(Report());
        Assert.Equal(("report-cnn14", "model.", ConversionReport.RetrievalModel), (report.Map, report.Root, report.Kind));
        using var model = ModelFolder.Load(_folder["model"], CpuDevice.Shared);
        // The authors' silence behind shorter clips is in their weights: batches of 32 pairs of Clotho.
        Assert.Equal(_config with { Padding = PaddingRule.Paper, PaddedBatch = 32 }, model.Config);
        Assert.Contains(("longest stretch", "30 s, shorter clips with silence up to the longest of 32 pairs"), report.Settings);
        Assert.Contains("in training and evaluation with silence up to the longest of their batch",
            File.ReadAllText(_folder["model/README.md"]));
        // The names of formula weights are those in the checkpoint.
        foreach (var (name, tensor) in model.State())
            Assert.True(FormulaWeights.Of(AuthorsName(name), tensor.Shape.Sizes.ToArray()).AsSpan().SequenceEqual(tensor.ToArray<float>()),
                name);
    }

    [Fact]
    public void The_way_back_has_the_authors_names_and_comes_round_byte_for_byte()
    {
        Convert(Report());
        string first = Export("model", "first.safetensors");
        using (SafetensorsFile source = SafetensorsFile.Open(_folder["checkpoint.safetensors"]), back = SafetensorsFile.Open(first))
        {
            Assert.Contains("audio_enc.audio_enc.bn0.weight", back.Names);
            Assert.Contains("text_enc.bert_encoder.embeddings.LayerNorm.bias", back.Names);
            foreach (string name in back.Names) Assert.True(source.Bytes("model." + name).SequenceEqual(back.Bytes(name)), name);
        }
        CheckpointConversion.Run(new() { Checkpoint = first, Target = _folder["again"], Vocabulary = _vocabulary },
            TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(Export("again", "second.safetensors")));
    }

    [Fact]
    public void A_trained_model_keeps_its_settings_on_the_way_there_and_back()
    {
        var config = _config with { MaxSeconds = 7.5, TextEncoder = _config.TextEncoder with { Pooling = TextPooling.Mean, Heads = 4 },
            Padding = PaddingRule.Paper };
        Directory.CreateDirectory(_folder["run"]);
        using (var model = new RetrievalModel(config, TextTokenizer.FromFile(_vocabulary), CpuDevice.Shared,
            new PhiloxSequence(new Philox(3))))
            ModelFolder.Save(_folder["run"], model, "");
        string file = Export("run", "run.safetensors");
        var report = CheckpointConversion.Run(new() { Checkpoint = file, Target = _folder["model"], Vocabulary = _folder["run"] },
            TestContext.Current.CancellationToken);
        Assert.Equal("retrieval-cnn14", report.Map);
        using SafetensorsFile before = SafetensorsFile.Open(_folder["run/model.safetensors"]),
            after = SafetensorsFile.Open(_folder["model/model.safetensors"]);
        Assert.Equal(before.Names, after.Names);
        foreach (string name in before.Names) Assert.True(before.Bytes(name).SequenceEqual(after.Bytes(name)), name);
        Assert.Equal(config, ModelFolder.ReadConfig(_folder["model"]));
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Export("model", "again.safetensors")));
    }

    [Fact]
    public void A_trained_model_can_be_given_the_authors_names()
    {
        Directory.CreateDirectory(_folder["run"]);
        using (var model = Model()) ModelFolder.Save(_folder["run"], model, "");
        ModelExport.Run(_folder["run"], _folder["run.safetensors"], "report-cnn14", TestContext.Current.CancellationToken);
        using var file = SafetensorsFile.Open(_folder["run.safetensors"]);
        Assert.Contains("audio_enc.audio_enc.conv_block1.conv1.weight", file.Names);
        Assert.Throws<FileWriteException>(() => ModelExport.Run(_folder["run"], _folder["run.safetensors"], null,
            TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Heads_that_do_not_fit_the_encoders_are_refused()
    {
        Assert.Contains("the audio head takes vectors of 8, the audio encoder makes 6",
            Assert.Throws<CorruptFileException>(() => Convert(Report().Add("model.audio_linear.0.weight", 7, 8))).Message);
        Assert.False(Directory.Exists(_folder["model"]));
    }

    [Fact]
    public void Without_a_vocabulary_there_is_no_model()
    {
        string path = Report().Write(_folder["checkpoint.safetensors"]);
        Assert.Contains("--vocabulary",
            Assert.Throws<OptionException>(() => CheckpointConversion.Run(new() { Checkpoint = path, Target = _folder["model"] },
            TestContext.Current.CancellationToken)).Message);
    }

    public void Dispose() => _folder.Dispose();

    RetrievalModel Model() => new(_config, TextTokenizer.FromFile(_vocabulary), CpuDevice.Shared, new PhiloxSequence(default));

    /// <summary>A checkpoint as the authors' program saves it: the weights, and under "optimizer" the same weights again.</summary>
    SyntheticCheckpoint Report()
    {
        var checkpoint = new SyntheticCheckpoint();
        using (var model = Model())
            foreach (var (name, tensor) in model.State()) checkpoint.Add(AuthorsName(name), tensor.Shape.Sizes.ToArray());
        checkpoint.Add("audio_enc.audio_enc.fc1.weight", 3, 6).Add("audio_enc.audio_enc.fc1.bias", 3)
            .AddPositions("text_enc.bert_encoder.embeddings.position_ids", 16);
        // Formula weights follow the names as they are in the file; the root comes after.
        return checkpoint.Repeat("optimizer.")
            .Rename(name => name.StartsWith("optimizer.", StringComparison.Ordinal) ? name : "model." + name);
    }

    static string AuthorsName(string name) => name.StartsWith("audio_enc.", StringComparison.Ordinal) ? "audio_enc." + name
        : name.StartsWith("text_enc.", StringComparison.Ordinal) ? "text_enc.bert_encoder." + name["text_enc.".Length..]
        : name;

    ConversionReport Convert(SyntheticCheckpoint checkpoint) => CheckpointConversion.Run(
        new() { Checkpoint = checkpoint.Write(_folder["checkpoint.safetensors"]), Target = _folder["model"], Vocabulary = _vocabulary },
        TestContext.Current.CancellationToken);

    string Export(string model, string file)
    {
        ModelExport.Run(_folder[model], _folder[file], map: null, TestContext.Current.CancellationToken);
        return _folder[file];
    }
}
