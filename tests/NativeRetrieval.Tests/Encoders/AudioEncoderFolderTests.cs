using System.Text.Json.Nodes;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Encoders;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Encoders;

public sealed class AudioEncoderFolderTests : IDisposable
{
    static readonly AudioEncoderPackage Package = new()
    {
        AudioEncoder = new Cnn14Config { Channels = [3, 4, 5, 6, 7, 8], PoolBlock6 = false },
        LogMel = new LogMelSettings { SampleRateHz = 16000, WindowSamples = 512, HopSamples = 160, MaxHz = 8000 },
        Resampler = "fast",
    };

    readonly TemporaryFolder _folder = new();

    [Fact]
    public void Encoder_and_front_end_survive_a_folder()
    {
        using var source = Write();
        Assert.Equal(Package, AudioEncoderFolder.ReadPackage(_folder.FullPath));
        using var read = AudioEncoderFolder.ReadEncoder(_folder.FullPath, CpuDevice.Shared);
        Assert.Equal(Package.AudioEncoder, read.Config);
        foreach (var ((name, expected), (_, actual)) in source.State().Zip(read.State()))
            Assert.True(expected.ToArray<float>().SequenceEqual(actual.ToArray<float>()), name);
        Assert.Equal(["README.md", "SHA256SUMS", "config.json", "model.safetensors", "preprocessor_config.json"],
            Directory.GetFiles(_folder.FullPath).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        Assert.Equal(16000, (int)JsonNode.Parse(File.ReadAllText(_folder["preprocessor_config.json"]))!["sampling_rate"]!);
    }

    [Fact]
    public void Dropout_and_pooling_may_be_others_than_the_folder_s()
    {
        Write().Dispose();
        var config = (Cnn14Config)Package.AudioEncoder with { Dropout = 0.5, PoolBlock6 = true };
        using var read = AudioEncoderFolder.ReadEncoder(_folder.FullPath, CpuDevice.Shared, config);
        Assert.Equal(config, read.Config);
    }

    [Fact]
    public void A_folder_that_is_none_says_what_is_expected() =>
        Assert.Contains("convert", Assert.Throws<FileReadException>(() => AudioEncoderFolder.ReadPackage(_folder.FullPath)).Message);

    [Fact]
    public void A_changed_file_is_refused()
    {
        Write().Dispose();
        File.AppendAllText(_folder["model.safetensors"], "x");
        Assert.Contains("checksum", Assert.Throws<CorruptFileException>(() => AudioEncoderFolder.ReadPackage(_folder.FullPath)).Message);
    }

    [Theory]
    [InlineData("model_type", "\"bert\"", "nativeretrieval-audio-encoder")]
    [InlineData("audio_encoder", """{"type":"wavegram","channels":[1]}""", "cnn14")]
    [InlineData("audio_encoder", """{"type":14,"channels":[1]}""", "cnn14")]
    [InlineData("audio_encoder", """{"type":"cnn14","channels":[1,2]}""", "6 widths")]
    [InlineData("audio_encoder", """{"type":"cnn14","channels":null}""", "channels")]
    [InlineData("audio_encoder", """{"type":"cnn14","mel_bins":96}""", "front end makes 64")]
    [InlineData("audio_encoder", """{"type":"cnn14","surprise":1}""", "surprise")]
    [InlineData("audio_encoder", "null", "audio_encoder")]
    [InlineData("log_mel", "null", "log_mel")]
    [InlineData("log_mel", """{"window_samples":500}""", "power of two")]
    [InlineData("resampler", "\"best\"", "high or fast")]
    [InlineData("schema_version", "2", "newer")]
    public void What_the_configuration_cannot_say_is_refused_by_file_and_reason(string key, string value, string said)
    {
        Write().Dispose();
        Edit(json => json[key] = JsonNode.Parse(value));
        var error = Assert.Throws<CorruptFileException>(() => AudioEncoderFolder.ReadPackage(_folder.FullPath));
        Assert.StartsWith(_folder["config.json"], error.Message);
        Assert.Contains(said, error.Message);
    }

    [Fact]
    public void What_is_left_out_is_the_published_model()
    {
        Write().Dispose();
        Edit(json =>
        {
            json["audio_encoder"] = new JsonObject { ["mel_bins"] = 64, ["type"] = "cnn14" }; // the type need not come first
            json.Remove("log_mel");
        });
        Assert.Equal(new AudioEncoderPackage { Resampler = "fast" }, AudioEncoderFolder.ReadPackage(_folder.FullPath));
    }

    [Fact]
    public void Weights_of_other_widths_are_named_with_both_shapes()
    {
        Write().Dispose();
        Edit(json => json["audio_encoder"]!["channels"]![5] = 9);
        var error = Assert.Throws<CorruptFileException>(() => AudioEncoderFolder.ReadEncoder(_folder.FullPath, CpuDevice.Shared));
        Assert.Contains("conv_block6", error.Message);
        Assert.Contains("[8", error.Message);
        Assert.Contains("[9", error.Message);
    }

    public void Dispose() => _folder.Dispose();

    AudioEncoder Write()
    {
        var encoder = AudioEncoder.Create(Package.AudioEncoder, CpuDevice.Shared, new PhiloxSequence(new Philox(1)));
        AudioEncoderFolder.Write(_folder.FullPath, encoder, Package with { AudioEncoder = new Cnn14Config() }, "# A test\n");
        return encoder;
    }

    void Edit(Action<JsonObject> change)
    {
        File.Delete(_folder["SHA256SUMS"]);
        var json = JsonNode.Parse(File.ReadAllText(_folder["config.json"]))!.AsObject();
        change(json);
        File.WriteAllText(_folder["config.json"], json.ToJsonString());
    }
}
