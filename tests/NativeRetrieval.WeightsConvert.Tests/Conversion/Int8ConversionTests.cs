using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Models;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Text;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.WeightsConvert.Tests.Conversion;

/// <summary>8-bit weights of whole models, text encoders and audio encoders against their float32 selves.</summary>
public sealed class Int8ConversionTests : IDisposable
{
    const string Clap = "fixtures/clap", MiniLm = "weights/all-MiniLM-L6-v2", Captions = "data/esc/captions.csv";
    const double LeastCosine = 0.999;

    readonly TemporaryFolder _folder = new();
    readonly TensorScope _scope = TensorScope.Begin();

    [Fact]
    public void A_model_s_vectors_stay_where_they_were_on_every_golden_case()
    {
        if (Model() is not { } shared) return;
        using var golden = SafetensorsFile.Open(Path.Combine(shared, "clap-tiny/golden.safetensors"));
        using RetrievalModel exact = ModelFolder.Load(_folder["float32"], CpuDevice.Shared),
            small = ModelFolder.Load(_folder["int8"], CpuDevice.Shared);
        foreach (string name in (string[])["frames501", "frames512", "frames200", "frames1"])
        {
            var logMel = golden.Load($"in/{name}", DType.Float32, CpuDevice.Shared);
            Near(golden.ReadFloat64($"{name}/audio_embeds"), exact.EmbedAudio(logMel, lengths: null), 1 - 1e-6, name);
            Near(golden.ReadFloat64($"{name}/audio_embeds"), small.EmbedAudio(logMel, lengths: null), LeastCosine, name);
        }
        foreach (var (ids, embeddings, mask) in ((string, string, string?)[])
            [("in/input_ids", "text/text_embeds", "in/attention_mask"), ("in/input_ids_512", "text512/text_embeds", null)])
        {
            int width = golden.Sizes(ids)[1];
            int[] lengths = mask is null ? [width] : [.. golden.ReadInt64(mask).Chunk(width).Select(row => (int)row.Sum())];
            var batch = new TokenBatch([.. golden.ReadInt64(ids).Select(id => (int)id)], lengths, width);
            Near(golden.ReadFloat64(embeddings), exact.EmbedText(batch), 1 - 1e-6, ids);
            Near(golden.ReadFloat64(embeddings), small.EmbedText(batch), LeastCosine, ids);
        }
    }

    [Fact]
    public void Real_weights_give_nearly_the_same_sentence_vectors()
    {
        if (Require(MiniLm) is not { } source || Require(Captions) is not { } csv) return;
        Convert(source, "int8", WeightForm.Int8);
        Assert.InRange(Bytes("int8"), 1, new FileInfo(Path.Combine(source, "model.safetensors")).Length * 0.26);
        string[] captions = [.. File.ReadLines(csv).Skip(1).SelectMany(line => line.Split(',').Skip(1))];
        Assert.Equal(250, captions.Length);
        var config = BertFolder.ReadConfig(source);
        var tokenizer = BertFolder.ReadTokenizer(source, config);
        using BertEncoder exact = BertFolder.ReadEncoder(source, CpuDevice.Shared, out _),
            small = BertFolder.ReadEncoder(_folder["int8"], CpuDevice.Shared, out _);
        foreach (string[] batch in captions.Chunk(50))
        {
            var tokens = tokenizer.EncodeBatch(batch);
            Near(exact.Forward(tokens).Values(), small.Forward(tokens), LeastCosine, batch[0]);
        }
    }

    [Fact]
    public void A_checkpoint_and_the_folder_made_of_it_give_the_same_8_bit_weights()
    {
        if (Model() is not { } shared) return;
        var report = Convert(Path.Combine(shared, "clap-tiny/pytorch_model.bin"), "direct", WeightForm.Int8, Path.Combine(shared, "bpe"));
        Assert.Contains(report.Settings, setting => setting.Name == "weights" && setting.Value.Contains("8-bit"));
        foreach (string folder in (string[])["direct", "int8"])
        {
            Assert.Contains("8-bit", File.ReadAllText(_folder[$"{folder}/README.md"]));
            using var file = SafetensorsFile.Open(_folder[$"{folder}/model.safetensors"]);
            Assert.Equal("int8", file.Metadata["weights"]);
        }
        using (var one = SafetensorsFile.Open(_folder["direct/model.safetensors"]))
        using (var other = SafetensorsFile.Open(_folder["int8/model.safetensors"]))
        {
            Assert.Equal(one.Names, other.Names);
            Assert.All(one.Names, name => Assert.Equal(one.Bytes(name), other.Bytes(name)));
            Assert.Contains(one.Entries, entry => entry.DType == DType.Int8);
            Assert.All(one.Entries.Where(entry => entry.Name.EndsWith("bias", StringComparison.Ordinal)
                || entry.Name.EndsWith("bias_table", StringComparison.Ordinal) || entry.Shape.Length == 1), entry => Assert.Equal(DType.Float32, entry.DType));
        }
        Assert.NotEqual(ModelFolder.Fingerprint(_folder["float32"]), ModelFolder.Fingerprint(_folder["int8"]));
        Assert.Equal(ModelFolder.ReadConfig(_folder["float32"]), ModelFolder.ReadConfig(_folder["int8"]));
        Assert.InRange(Bytes("int8"), 1, Bytes("float32") * 0.55);
    }

    [Fact]
    public void The_way_back_gives_float32_values_of_the_8_bit_model_and_says_so()
    {
        if (Model() is null) return;
        var widened = Convert(_folder["int8"], "widened", WeightForm.Float32);
        Assert.Contains(widened.Notes, note => note.Contains("float32 of the quantized model"));
        Assert.Contains("float32 of the quantized model", File.ReadAllText(_folder["widened/README.md"]));
        var exported = ModelExport.Run(_folder["int8"], _folder["clap.safetensors"], map: null, TestContext.Current.CancellationToken);
        Assert.Equal("clap", exported.Map);
        Assert.Contains(exported.Notes, note => note.Contains("float32 of the quantized model"));
        ModelExport.Run(_folder["widened"], _folder["widened.safetensors"], map: null, TestContext.Current.CancellationToken);
        using (SafetensorsFile small = SafetensorsFile.Open(_folder["int8/model.safetensors"]),
            wide = SafetensorsFile.Open(_folder["widened/model.safetensors"]),
            one = SafetensorsFile.Open(_folder["clap.safetensors"]), other = SafetensorsFile.Open(_folder["widened.safetensors"]),
            published = SafetensorsFile.Open(Path.Combine(Fixtures.Shared(Clap)!, "clap-tiny/model.safetensors")))
        {
            Assert.False(wide.Metadata.ContainsKey("weights"));
            Assert.All(wide.Entries, entry => Assert.Equal(DType.Float32, entry.DType));
            Assert.All(wide.Names, name =>
                Assert.Equal(Int8Weights.IsQuantized(small, name) ? Int8Weights.Read(small, name) : small.ReadFloat32(name),
                    wide.ReadFloat32(name)));
            Assert.Equal(published.Names.Order(), one.Names.Order());
            Assert.All(published.Entries, entry => Assert.Equal((entry.DType, string.Join(' ', entry.Shape)),
                (one.Entry(entry.Name).DType, string.Join(' ', one.Entry(entry.Name).Shape))));
            Assert.All(one.Names, name => Assert.Equal(one.Bytes(name), other.Bytes(name)));
        }
        // A model in memory is float32: what training starts from and writes.
        using var model = ModelFolder.Load(_folder["int8"], CpuDevice.Shared);
        Directory.CreateDirectory(_folder["saved"]);
        ModelFolder.Save(_folder["saved"], model, "# Model\n");
        using SafetensorsFile saved = SafetensorsFile.Open(_folder["saved/model.safetensors"]),
            expected = SafetensorsFile.Open(_folder["widened/model.safetensors"]);
        Assert.Equal(expected.Names, saved.Names);
        Assert.All(saved.Names, name => Assert.Equal(expected.Bytes(name), saved.Bytes(name)));
    }

    [Fact]
    public void An_audio_encoder_s_folder_has_its_8_bit_form_too()
    {
        if (Model() is null) return;
        using var model = ModelFolder.Load(_folder["float32"], CpuDevice.Shared);
        Directory.CreateDirectory(_folder["audio"]);
        AudioEncoderFolder.Write(_folder["audio"], model.AudioEncoder, new() { LogMel = model.Config.LogMel }, "# Encoder\n");
        Assert.Equal(ConversionReport.AudioEncoder, Convert(_folder["audio"], "audio8", WeightForm.Int8).Kind);
        Assert.InRange(Bytes("audio8"), 1, Bytes("audio") - 1);
        using AudioEncoder exact = AudioEncoderFolder.ReadEncoder(_folder["audio"], CpuDevice.Shared),
            small = AudioEncoderFolder.ReadEncoder(_folder["audio8"], CpuDevice.Shared),
            wide = AudioEncoderFolder.ReadEncoder(_folder["audio8"], CpuDevice.Shared, dtype: DType.Float64);
        foreach (var (one, other) in small.State().Zip(wide.State())) Assert.Equal(one.Tensor.Values(), other.Tensor.Values());
        Assert.NotEqual(exact.State().SelectMany(item => item.Tensor.Values()), small.State().SelectMany(item => item.Tensor.Values()));
    }

    [Fact]
    public void Damaged_scales_are_refused_with_the_name_of_the_tensor()
    {
        if (Model() is null) return;
        const string scale = "audio_linear.0.weight.scale";
        Rewrite(items => items.Select(item => item.Name == scale
            ? SafetensorsItem.Float32(scale, item.Shape, Enumerable.Repeat(float.NaN, (int)item.Shape[0]).ToArray()) : item));
        Refused($"'{scale}' is NaN at row 0");
        Rewrite(items => items.Where(item => item.Name != scale));
        Refused($"'{scale}' is missing");

        void Refused(string said)
        {
            Assert.Contains(said,
                Assert.Throws<CorruptFileException>(() => ModelFolder.Load(_folder["damaged"], CpuDevice.Shared)).Message);
            Assert.Contains(said, Assert.Throws<CorruptFileException>(() =>
                ModelExport.Run(_folder["damaged"], _folder["x.safetensors"], map: null, TestContext.Current.CancellationToken)).Message);
            Assert.Contains(said,
                Assert.Throws<CorruptFileException>(() => Convert(_folder["damaged"], "x", WeightForm.Float32)).Message);
            Assert.False(Path.Exists(_folder["x"]) || Path.Exists(_folder["x.safetensors"]));
            Directory.Delete(_folder["damaged"], recursive: true);
        }
    }

    [Fact]
    public void What_cannot_be_quantized_is_refused_and_leaves_nothing()
    {
        if (Model() is null) return;
        Assert.Contains("8-bit already", Assert.Throws<OptionException>(() => Convert(_folder["int8"], "x", WeightForm.Int8)).Message);
        const string name = "text_enc.embeddings.word_embeddings.weight";
        Rewrite(items => items.Select(item => item.Name != name ? item : SafetensorsItem.Float32(name, item.Shape,
            Enumerable.Repeat(float.PositiveInfinity, (int)(item.Shape[0] * item.Shape[1])).ToArray())), "float32");
        string message = Assert.Throws<CorruptFileException>(() => Convert(_folder["damaged"], "x", WeightForm.Int8)).Message;
        Assert.Contains($"'{name}' holds", message);
        Assert.Equal(["damaged", "float32", "int8"],
            Directory.EnumerateFileSystemEntries(_folder.FullPath).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    /// <summary>Makes the folders float32 and int8 of the narrow model; null, with the test skipped, where it is absent.</summary>
    string? Model()
    {
        if (Require(Clap) is not { } shared) return null;
        string source = _folder["source"];
        Directory.CreateDirectory(source);
        foreach (string name in (string[])["config.json", "model.safetensors"])
            File.Copy(Path.Combine(shared, "clap-tiny", name), Path.Combine(source, name));
        Convert(source, "float32", WeightForm.Float32, Path.Combine(shared, "bpe"));
        Convert(_folder["float32"], "int8", WeightForm.Int8);
        Directory.Delete(source, recursive: true);
        return shared;
    }

    ConversionReport Convert(string source, string target, WeightForm weights, string? vocabulary = null) =>
        CheckpointConversion.Run(new() { Checkpoint = source, Target = _folder[target], Weights = weights, Vocabulary = vocabulary },
            TestContext.Current.CancellationToken);

    /// <summary>The folder damaged: another's files with other weights, without checksums.</summary>
    void Rewrite(Func<IEnumerable<SafetensorsItem>, IEnumerable<SafetensorsItem>> change, string of = "int8")
    {
        Directory.CreateDirectory(_folder["damaged"]);
        foreach (string path in Directory.EnumerateFiles(_folder[of]).Where(path => Path.GetFileName(path) != "SHA256SUMS"))
            File.Copy(path, Path.Combine(_folder["damaged"], Path.GetFileName(path)));
        using var file = SafetensorsFile.Open(_folder[$"{of}/model.safetensors"]);
        SafetensorsWriter.Write(_folder["damaged/model.safetensors"], change(file.Entries.Select(entry =>
            SafetensorsItem.FromBytes(entry.Name, entry.DType, entry.Shape, file.Bytes(entry.Name).ToArray())).ToList()), file.Metadata);
    }

    long Bytes(string folder) => new FileInfo(_folder[$"{folder}/model.safetensors"]).Length;

    static string? Require(string path)
    {
        if (Fixtures.Shared(path) is { } found) return found;
        Assert.Skip(Fixtures.WhyAbsent(path));
        return null;
    }

    static void Near(double[] expected, Tensor actual, double least, string what)
    {
        int width = actual.Shape[1];
        foreach (var (row, (x, y)) in expected.Chunk(width).Zip(actual.Values().Chunk(width)).Index())
        {
            double cosine = Dot(x, y) / Math.Sqrt(Dot(x, x) * Dot(y, y));
            Assert.True(cosine >= least, $"{what}, row {row}: cosine {cosine:F6}");
        }

        static double Dot(double[] x, double[] y) => x.Zip(y, (a, b) => a * b).Sum();
    }
}
