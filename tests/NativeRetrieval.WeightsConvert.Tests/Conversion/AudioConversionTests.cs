using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Features;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.TestSupport;
using NativeRetrieval.WeightsConvert.Catalogue;
using NativeRetrieval.WeightsConvert.Conversion;
using NativeRetrieval.WeightsConvert.Names;

namespace NativeRetrieval.WeightsConvert.Tests.Conversion;

public sealed class AudioConversionTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly TensorScope _scope = TensorScope.Begin();

    [Theory]
    [InlineData("fixtures/cnn14-small/Cnn14_small.pth")]
    [InlineData("fixtures/cnn14-small/Cnn14_small_legacy.pth")]
    public void A_checkpoint_of_PANNs_gives_PANNs_vectors(string name)
    {
        if (Fixtures.Shared(name) is not { } path)
        {
            Assert.Skip(Fixtures.WhyAbsent(name));
            return;
        }
        var report = Convert(new() { Checkpoint = path, Target = Target });
        Assert.Equal(("panns-cnn14", "model.", ConversionReport.AudioEncoder), (report.Map, report.Root, report.Kind));
        var package = AudioEncoderFolder.ReadPackage(Target);
        Assert.Equal(new Cnn14Config { Channels = [8, 13, 24, 40, 56, 96], PoolBlock6 = false }, package.AudioEncoder);
        Assert.Equal(LogMelSettings.Default, package.LogMel);
        Assert.Empty(report.Notes);

        using var golden = SafetensorsFile.Open(Fixtures.Small("cnn14-small/eval.safetensors"));
        Golden.Check(Values(Op.ClipPooling(Load(golden, "conv_block6"))), Embed(golden, "logmel"), 1e-5, name);
    }

    [Theory]
    [InlineData("fixtures/cnn14-encoder/cnn14_small.pth", "encoder-cnn14")]
    [InlineData("fixtures/resnet38-encoder/resnet38_small.pth", "encoder-resnet38")]
    public void An_encoder_of_the_report_s_authors_gives_its_vectors(string name, string map)
    {
        if (Fixtures.Shared(name) is not { } path)
        {
            Assert.Skip(Fixtures.WhyAbsent(name));
            return;
        }
        Assert.Equal(map, Convert(new() { Checkpoint = path, Target = Target }).Map);
        using var golden = SafetensorsFile.Open(Fixtures.Small(Path.Combine(Path.GetFileName(Path.GetDirectoryName(name))!,
            "golden.safetensors")));
        Golden.Check(golden.ReadFloat64("eval_embedding"), Embed(golden, "logmel"), 1e-5, name);
    }

    public static TheoryData<AudioEncoderConfig, string> SmallEncoders => new()
    {
        { new ResNet38Config { Channels = [6, 6, 8, 10, 12, 14] }, "panns-resnet38" },
        { new Cnn10Config { Channels = [3, 4, 5, 6] }, "panns-cnn10" },
        { new Cnn6Config { Channels = [3, 4, 5, 6] }, "panns-cnn6" },
    };

    [Theory]
    [MemberData(nameof(SmallEncoders))]
    public void Other_encoders_of_PANNs_become_folders_with_their_widths(AudioEncoderConfig config, string map)
    {
        int width = config.Width;
        var checkpoint = new SyntheticCheckpoint().Add(AudioEncoder.Create(config, CpuDevice.Shared, random: null))
            .AddFrontEnd(LogMelSettings.Default)
            .Add("fc1.weight", width, width).Add("fc1.bias", width).Add("fc_audioset.weight", 9, width).Add("fc_audioset.bias", 9);
        Assert.Equal(map, Convert(checkpoint).Map);
        Assert.Equal(config, AudioEncoderFolder.ReadPackage(Target).AudioEncoder);
        AudioEncoderFolder.ReadEncoder(Target, CpuDevice.Shared).Dispose();
    }

    [Theory]
    [InlineData("32k", 32000, 320)]
    [InlineData("16k", 16000, 160)]
    [InlineData("8k", 8000, 80)]
    public void The_front_end_is_known_by_its_stored_kernels(string name, int sampleRateHz, int hopSamples)
    {
        var settings = NameMaps.FindFrontEnd(name).Settings;
        Convert(SyntheticCheckpoint.PannsCnn14().AddFrontEnd(settings));
        var found = AudioEncoderFolder.ReadPackage(Target).LogMel;
        Assert.Equal(settings, found);
        Assert.Equal((sampleRateHz, hopSamples), (found.SampleRateHz, found.HopSamples));
    }

    [Fact]
    public void Without_a_stored_front_end_one_is_assumed_or_given()
    {
        Assert.Contains("32 kHz is assumed", Assert.Single(Convert(SyntheticCheckpoint.PannsCnn14()).Notes));
        Directory.Delete(Target, recursive: true);
        Assert.Empty(Convert(SyntheticCheckpoint.PannsCnn14(), request => request with { FrontEnd = "16k" }).Notes);
        Assert.Equal(16000, AudioEncoderFolder.ReadPackage(Target).LogMel.SampleRateHz);
    }

    [Fact]
    public void Another_mel_matrix_is_refused_with_the_difference()
    {
        var other = LogMelSettings.Default with { MaxHz = 16000 };
        string message = Refused(SyntheticCheckpoint.PannsCnn14().AddFrontEnd(other));
        Assert.Contains("melW is not the mel matrix of the form 32k, 64 Slaney filters from 50 to 14000 Hz", message);
        Assert.Contains("its filters reach", message);
        Assert.Contains("to 15969 Hz", message);
    }

    [Fact]
    public void Another_window_is_refused_with_those_that_are_known()
    {
        string message = Refused(SyntheticCheckpoint.PannsCnn14().AddFrontEnd(LogMelSettings.Default with { WindowSamples = 2048 }));
        Assert.Contains("windows of 2048 samples", message);
        Assert.Contains("1024 (32k)", message);
    }

    [Fact]
    public void Another_window_function_is_refused()
    {
        var kernels = new float[513 * 1024];
        Array.Fill(kernels, 1f);
        Assert.Contains("Hann",
            Refused(SyntheticCheckpoint.PannsCnn14().AddFrontEnd(LogMelSettings.Default)
            .Add("spectrogram_extractor.stft.conv_real.weight", [513, 1, 1024], kernels)));
    }

    [Fact]
    public void A_given_front_end_that_contradicts_the_stored_one_is_refused() =>
        Assert.Contains("expected [257, 1, 512]", Assert.Throws<CorruptFileException>(() =>
            Convert(SyntheticCheckpoint.PannsCnn14().AddFrontEnd(LogMelSettings.Default),
                request => request with { FrontEnd = "16k" })).Message);

    [Theory]
    [InlineData(null, false)]
    [InlineData(true, true)]
    public void PANNs_block_6_pools_1x1_unless_told_otherwise(bool? given, bool pools)
    {
        Convert(SyntheticCheckpoint.PannsCnn14(), request => request with { PoolBlock6 = given });
        Assert.Equal(pools, ((Cnn14Config)AudioEncoderFolder.ReadPackage(Target).AudioEncoder).PoolBlock6);
    }

    [Fact]
    public void A_DataParallel_checkpoint_is_the_same_encoder()
    {
        var report = Convert(SyntheticCheckpoint.PannsCnn14().Rename(name => "module." + name));
        Assert.Equal("module.", report.Root);
        Assert.Equal([("module", 64)], report.Stripped);
        AudioEncoderFolder.ReadEncoder(Target, CpuDevice.Shared).Dispose();
        Assert.Empty(ChecksumList.Verify(Target, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_way_back_gives_every_tensor_its_name_and_bytes()
    {
        var checkpoint = SyntheticCheckpoint.PannsCnn14().AddFrontEnd(LogMelSettings.Default);
        Convert(checkpoint, request => request with { PoolBlock6 = true });
        string first = Export(Target, "first.safetensors");
        using (SafetensorsFile source = SafetensorsFile.Open(_folder["checkpoint.safetensors"]), back = SafetensorsFile.Open(first))
        {
            Assert.Equal(64, back.Names.Count);
            foreach (string name in back.Names) Assert.True(source.Bytes(name).SequenceEqual(back.Bytes(name)), name);
        }
        // Once more around: nothing is lost, the pooling that was chosen included.
        CheckpointConversion.Run(new() { Checkpoint = first, Target = _folder["again"] }, TestContext.Current.CancellationToken);
        Assert.Equal(AudioEncoderFolder.ReadPackage(Target), AudioEncoderFolder.ReadPackage(_folder["again"]));
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(Export(_folder["again"], "second.safetensors")));
    }

    [Fact]
    public void A_refused_checkpoint_leaves_nothing_behind()
    {
        Refused(SyntheticCheckpoint.PannsCnn14().Add("conv_block3.conv1.weight", 4, 9, 3, 3));
        Refused(SyntheticCheckpoint.PannsCnn14().AddFrontEnd(LogMelSettings.Default with { MinHz = 20 }));
        Assert.Equal(["checkpoint.safetensors"], Directory.GetFileSystemEntries(_folder.FullPath).Select(Path.GetFileName));
    }

    [Fact]
    public void Options_for_a_text_encoder_are_refused() =>
        Assert.Throws<OptionException>(() => Convert(SyntheticCheckpoint.PannsCnn14(), request => request with { Heads = 2 }));

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    string Target => _folder["model"];

    ConversionReport Convert(SyntheticCheckpoint checkpoint, Func<ConversionRequest, ConversionRequest>? change = null)
    {
        var request = new ConversionRequest { Checkpoint = checkpoint.Write(_folder["checkpoint.safetensors"]), Target = Target };
        return Convert(change is null ? request : change(request));
    }

    static ConversionReport Convert(ConversionRequest request) => CheckpointConversion.Run(request, TestContext.Current.CancellationToken);

    string Refused(SyntheticCheckpoint checkpoint) => Assert.Throws<CorruptFileException>(() => Convert(checkpoint)).Message;

    string Export(string model, string file)
    {
        ModelExport.Run(model, _folder[file], map: null, TestContext.Current.CancellationToken);
        return _folder[file];
    }

    double[] Embed(SafetensorsFile golden, string input)
    {
        using var encoder = AudioEncoderFolder.ReadEncoder(Target, CpuDevice.Shared);
        return Values(encoder.Forward(Load(golden, input), null));
    }

    static Tensor Load(SafetensorsFile file, string name) =>
        Tensor.From(file.ReadFloat32(name), [.. file.Entry(name).Shape.Select(size => (int)size)], CpuDevice.Shared);

    static double[] Values(Tensor tensor) => Array.ConvertAll(tensor.ToArray<float>(), value => (double)value);
}
