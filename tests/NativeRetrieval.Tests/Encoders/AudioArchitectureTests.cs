using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Encoders;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Encoders;

/// <summary>The list of encoders and the form that each has in files.</summary>
public sealed class AudioArchitectureTests
{
    public static TheoryData<string> Keys => [.. AudioArchitecture.All.Select(architecture => architecture.Key)];

    [Fact]
    public void Files_name_each_encoder_of_the_list_by_its_key() => Assert.Equal(
        AudioArchitecture.All.Select(architecture => (architecture.Published.GetType(), (object?)architecture.Key))
            .OrderBy(entry => entry.Item2),
        typeof(AudioEncoderConfig).GetCustomAttributes<JsonDerivedTypeAttribute>()
            .Select(entry => (entry.DerivedType, entry.TypeDiscriminator)).OrderBy(entry => entry.TypeDiscriminator));

    [Theory, MemberData(nameof(Keys))]
    public void The_published_form_is_valid_and_its_encoder_is_of_its_kind(string key)
    {
        var architecture = AudioArchitecture.All.Single(entry => entry.Key == key);
        var config = architecture.Published;
        config.Validate();
        if (config is ConvolutionalEncoderConfig convolutional)
        {
            Assert.Equal(architecture.Channels, convolutional.Channels);
            config = convolutional with { Channels = [.. architecture.Channels.Select(_ => 2)] };
        }
        else Assert.Empty(architecture.Channels);
        Assert.Same(architecture, config.Architecture);
        using var encoder = AudioEncoder.Create(config, CpuDevice.Shared, random: null);
        Assert.Equal(config, encoder.Config);
    }

    /// <summary>The form on disk, which other versions read.</summary>
    [Theory]
    [InlineData("cnn14", """{"type":"cnn14","pool_block6":true,"channels":[64,128,256,512,1024,2048],"mel_bins":64,"dropout":0.2}""")]
    [InlineData("resnet38", """{"type":"resnet38","channels":[64,64,128,256,512,2048],"mel_bins":64,"dropout":0.2}""")]
    [InlineData("cnn10", """{"type":"cnn10","channels":[64,128,256,512],"mel_bins":64,"dropout":0.2}""")]
    [InlineData("cnn6", """{"type":"cnn6","channels":[64,128,256,512],"mel_bins":64,"dropout":0.2}""")]
    [InlineData("htsat", """{"type":"htsat","image_size":256,"patch_size":4,"patch_width":96,"depths":[2,2,6,2],"heads":[4,8,16,32],"""
        + """ "window":8,"mlp_ratio":4,"qkv_bias":true,"layer_norm_epsilon":1E-05,"mel_bins":64,"dropout":0}""")]
    public void The_written_form_is_pinned(string key, string json)
    {
        using var folder = new TemporaryFolder();
        var package = new AudioEncoderPackage { AudioEncoder = AudioArchitecture.All.Single(entry => entry.Key == key).Published };
        AudioEncoderFolder.Write(folder.FullPath, package, weights: [], "# A test\n");
        Assert.Equal(json.Replace(" ", ""), JsonNode.Parse(File.ReadAllText(folder["config.json"]))!["audio_encoder"]!.ToJsonString());
        Assert.Equal(package, AudioEncoderFolder.ReadPackage(folder.FullPath));
    }
}
