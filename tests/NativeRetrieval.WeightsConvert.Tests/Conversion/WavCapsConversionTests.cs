using System.Text.Json;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.WeightsConvert.Tests.Conversion;

/// <summary>WavCaps' retrieval models under their own names.</summary>
public sealed class WavCapsConversionTests : IDisposable
{
    const string File = "fixtures/clap/wavcaps-cnn14-bert", Texts = "fixtures/clap/wavcaps-texts.jsonl";

    readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_CNN14_BERT_computes_what_WavCaps_does()
    {
        if (Convert() is not { } report) return;
        Assert.Equal(("wavcaps-cnn14-bert", "model.", ConversionReport.RetrievalModel), (report.Map, report.Root, report.Kind));
        using var scope = TensorScope.Begin();
        using var model = ModelFolder.Load(_folder["model"], CpuDevice.Shared);
        Assert.Equal((30, 30, CaptionNormalizer.WavCaps, 32_000),
            (model.Config.MaxSeconds, model.Config.MaxTokens, model.Config.Captions, model.Config.LogMel.SampleRateHz));
        Assert.True(((Cnn14Config)model.Config.AudioEncoder).PoolBlock6);

        using var golden = SafetensorsFile.Open(Fixtures.Shared(File + ".safetensors")!);
        Assert.Equal((float)golden.ReadFloat64("temp")[0], model.Config.LogitScale!.Divisor);
        var worst = new WorstError();
        var audio = new List<double[]>();
        foreach (string clip in (string[])["clip0_3s", "clip1_1.7s", "clip2_5s"])
        {
            int[] shape = golden.Sizes(clip + "/logmel");
            using var logMel = Tensor.From(golden.ReadFloat32(clip + "/logmel"), [1, 1, shape[1], shape[2]], CpuDevice.Shared);
            worst.Add(golden, clip + "/audio_encoder", model.AudioEncoder.Forward(logMel, lengths: null));
            var raw = model.EmbedAudio(logMel, lengths: null);
            worst.Add(golden, clip + "/audio_embeds_raw", raw);
            audio.Add(Op.L2Normalize(raw).Values());
            worst.AddRelative(golden.ReadFloat64(clip + "/audio_embeds"), audio[^1], clip);
        }
        var batch = model.Tokenize([.. Lines().Select(line => line.GetProperty("text").GetString()!)]);
        worst.Add(golden, "text/cls", model.TextEncoder.Forward(batch));
        var text = model.EmbedText(batch);
        worst.Add(golden, "text/text_embeds_raw", text);
        double[] unit = Op.L2Normalize(text).Values();
        worst.AddRelative(golden.ReadFloat64("text/text_embeds"), unit, "text/text_embeds");
        double factor = model.Config.LogitScale!.AudioToText;
        worst.AddRelative(golden.ReadFloat64("logits"),
            [.. audio.SelectMany(row => unit.Chunk(32).Select(column => factor * row.Zip(column, (x, y) => x * y).Sum()))], "logits");
        Assert.True(worst.Value <= 1e-5, $"{worst.Where}: {worst.Value:E2}");
    }

    [Fact]
    public void Texts_are_prepared_and_cut_as_WavCaps_does()
    {
        if (Fixtures.Shared(Texts) is null)
        {
            Assert.Skip(Fixtures.WhyAbsent(Texts));
            return;
        }
        var tokenizer = TextTokenizer.FromFile(Fixtures.Small("tokenizer/vocab.txt"));
        int count = 0;
        foreach (var line in Lines())
        {
            count++;
            string prepared = CaptionNormalizer.WavCaps.Apply(line.GetProperty("text").GetString()!);
            Assert.Equal(line.GetProperty("preprocessed").GetString(), prepared);
            Assert.Equal(Ids(line, "ids"), tokenizer.Encode(prepared));
            Assert.Equal(Ids(line, "ids_30"), tokenizer.Encode(prepared, 30));
        }
        Assert.Equal(47, count);

        static int[] Ids(JsonElement line, string name) => [.. line.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
    }

    [Fact]
    public void The_way_back_has_WavCaps_names_and_its_divisor()
    {
        if (Convert() is null) return;
        ModelExport.Run(_folder["model"], _folder["back.safetensors"], map: null, TestContext.Current.CancellationToken);
        using CheckpointFile was = CheckpointFile.Open(Fixtures.Shared(File + ".pt")!),
            now = CheckpointFile.Open(_folder["back.safetensors"]);
        var old = was.Tensors.ToDictionary(tensor => tensor.Name);
        Assert.Contains(now.Tensors, tensor => tensor.Name == "temp" && tensor.Shape.Count == 0);
        foreach (var tensor in now.Tensors)
        {
            Assert.Equal(old["model." + tensor.Name].DType, tensor.DType);
            Assert.True(Bytes(was, old["model." + tensor.Name]).SequenceEqual(Bytes(now, tensor)), tensor.Name);
        }

        static byte[] Bytes(CheckpointFile file, CheckpointTensor tensor)
        {
            using var stream = new MemoryStream();
            file.CopyTo(tensor, stream);
            return stream.ToArray();
        }
    }

    [Fact]
    public void An_HTSAT_BERT_becomes_a_model()
    {
        var config = new RetrievalModelConfig
        {
            AudioEncoder = new HtsAtConfig { PatchWidth = 4, Depths = [1, 2, 1, 1], Heads = [1, 2, 4, 8] },
            TextEncoder = SyntheticCheckpoint.SmallBert, AudioHeadWidth = 5, TextHeadWidth = 6, EmbeddingDimension = 7, MaxTokens = 16,
            MaxSeconds = 10, Captions = CaptionNormalizer.WavCaps, LogitScale = new() { Divisor = 0.07f },
        };
        string vocabulary = SyntheticCheckpoint.WriteVocabulary(_folder["words.txt"]);
        var checkpoint = new SyntheticCheckpoint();
        using (var model = new RetrievalModel(config, TextTokenizer.FromFile(vocabulary), CpuDevice.Shared, new PhiloxSequence(default)))
            foreach (var (name, tensor) in model.State())
                checkpoint.Add("model." + WavCapsName(name), tensor.Shape.Sizes.ToArray());
        checkpoint.Add("model.temp", [], [0.07f]).Add("model.audio_encoder.audio_enc.tscam_conv.weight", 5, 32, 2, 3)
            .Add("model.audio_encoder.audio_enc.head.weight", 5, 5);
        var report = CheckpointConversion.Run(new()
        {
            Checkpoint = checkpoint.Write(_folder["HTSAT-BERT.safetensors"]), Target = _folder["model"], Vocabulary = vocabulary,
        }, TestContext.Current.CancellationToken);
        Assert.Equal("wavcaps-htsat-bert", report.Map);
        Assert.Contains(report.Notes, note => note.Contains("32 kHz"));
        Assert.Contains(report.Notes, note => note.Contains("size of the image: 256 is assumed"));
        using var converted = ModelFolder.Load(_folder["model"], CpuDevice.Shared);
        Assert.Equal(config with { TextEncoder = config.TextEncoder with { MaxPositions = 16 } }, converted.Config);
    }

    [Theory]
    [InlineData(float.NaN), InlineData(0f), InlineData(-1f)]
    public void A_divisor_that_is_none_is_refused(float divisor)
    {
        var checkpoint = new SyntheticCheckpoint().Add("temp", [], [divisor]);
        string vocabulary = SyntheticCheckpoint.WriteVocabulary(_folder["words.txt"]);
        var config = new RetrievalModelConfig
        {
            AudioEncoder = SyntheticCheckpoint.SmallCnn14, TextEncoder = SyntheticCheckpoint.SmallBert, AudioHeadWidth = 5,
            TextHeadWidth = 6, EmbeddingDimension = 7, MaxTokens = 16,
        };
        using (var model = new RetrievalModel(config, TextTokenizer.FromFile(vocabulary), CpuDevice.Shared, new PhiloxSequence(default)))
            foreach (var (name, tensor) in model.State()) checkpoint.Add(WavCapsName(name), tensor.Shape.Sizes.ToArray());
        Assert.Contains("logit_scale", Assert.Throws<CorruptFileException>(() => CheckpointConversion.Run(new()
        {
            Checkpoint = checkpoint.Write(_folder["odd.safetensors"]), Target = _folder["model"], Vocabulary = vocabulary,
        }, TestContext.Current.CancellationToken)).Message);
    }

    public void Dispose() => _folder.Dispose();

    static string WavCapsName(string name) => name.Replace("audio_enc.", "audio_encoder.audio_enc.")
        .Replace("text_enc.", "text_encoder.text_encoder.").Replace("audio_linear.", "audio_proj.").Replace("text_linear.", "text_proj.");

    ConversionReport? Convert()
    {
        if (Fixtures.Shared(File + ".pt") is not { } checkpoint)
        {
            Assert.Skip(Fixtures.WhyAbsent(File + ".pt"));
            return null;
        }
        return CheckpointConversion.Run(new()
        {
            Checkpoint = checkpoint, Target = _folder["model"], Heads = 3, Vocabulary = Fixtures.Small("tokenizer/vocab.txt"),
        }, TestContext.Current.CancellationToken);
    }

    static IEnumerable<JsonElement> Lines() =>
        System.IO.File.ReadLines(Fixtures.Shared(Texts)!).Select(line => JsonElement.Parse(line));
}
