using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.Tests.Encoders;

/// <summary>
/// HTS-AT against Hugging Face's implementation: a narrow model in all its intermediate results, one step of its training, and both
/// published sizes.
/// </summary>
public sealed class HtsAtGoldenTests : IDisposable
{
    const string Root = "audio_model.audio_encoder.", FullGolden = "fixtures/clap/clap-tiny/golden.safetensors";

    static readonly HtsAtConfig _tiny = new()
    {
        MelBins = 32, ImageSize = 128, PatchWidth = 8, Depths = [2, 2, 3, 2], Heads = [2, 2, 4, 8], Window = 4, MlpRatio = 3,
    };

    readonly TensorScope _scope = TensorScope.Begin();
    readonly SafetensorsFile _golden =
        SafetensorsFile.Open(Fixtures.Shared(FullGolden) ?? Fixtures.Small("clap/clap-tiny/golden.safetensors"));

    public static TheoryData<DType> Precisions => [DType.Float64, DType.Float32];

    [Theory, MemberData(nameof(Precisions))]
    public void Every_step_on_the_way_is_theirs(DType dtype)
    {
        var (forward, _) = Tolerances(dtype);
        using var clap = new ClapAudio(_tiny, 20, dtype);
        var encoder = (HtsAt)clap.Encoder;
        var logMel = _golden.Load("in/frames501", dtype, CpuDevice.Shared);
        var x = ((BatchNorm)encoder.Stages[0]).Forward(logMel, null, pass: null);
        Check("frames501/batch_norm", x, forward);
        Assert.Equal(Image(x, dtype, forward), _golden.Names.Contains("frames501/image"));
        x = encoder.Patches.Forward(x, null, pass: null);
        Check("frames501/patch_embed", x, forward);
        for (int layer = 0; layer < encoder.Layers.Count; layer++)
        {
            foreach (var (i, block) in encoder.Layers[layer].Blocks.Index())
                Check($"frames501/stage{layer}_block{i}", x = block.Forward(x, pass: null), forward);
            Check($"frames501/stage{layer}_blocks", x, forward);
            Check($"frames501/stage{layer}", x = encoder.Layers[layer].Merge(x), forward);
        }
        Check("frames501/norm", ((LayerNorm)encoder.Stages[^1]).Forward(x), forward);
    }

    [Theory, MemberData(nameof(Precisions))]
    public void Training_and_its_statistics_are_theirs(DType dtype)
    {
        var (forward, gradient) = Tolerances(dtype);
        using var clap = new ClapAudio(_tiny, 20, dtype);
        var embeddings = Backward(clap, new TrainingPass(seed: 0, step: 0));
        Check("train/audio_embeds", embeddings, forward);
        foreach (var (name, buffer) in clap.Encoder.Buffers()) Check($"train/after/{name["bn0.".Length..]}", buffer, forward);
        int compared = 0;
        foreach (var (name, parameter) in clap.Parameters())
        {
            string[] sources = ClapNames.Sources(name);
            double[][] parts = [.. parameter.Gradient!.Values().Chunk((int)parameter.Count / sources.Length)];
            for (int i = 0; i < sources.Length; i++)
            {
                // Those of the first norm stand there without the encoder's prefix.
                string? stored = new[] { sources[i], sources[i].Replace(Root, "", StringComparison.Ordinal) }
                    .FirstOrDefault(source => _golden.Names.Contains($"train/grad/{source}"));
                if (stored is null) continue;
                Golden.Check(_golden.ReadFloat64($"train/grad/{stored}"), parts[i], gradient, stored);
                compared++;
            }
        }
        Assert.Equal(6, compared);
    }

    [Theory]
    [InlineData("clap-htsat-unfused", false)]
    [InlineData("larger_clap_general", true)]
    public void Published_sizes_give_their_embeddings(string name, bool large)
    {
        Assert.SkipWhen(Fixtures.Shared($"fixtures/clap/clap-full/{name}.safetensors") is null, Fixtures.WhyAbsent($"clap-full/{name}"));
        using var golden = SafetensorsFile.Open(Fixtures.Shared($"fixtures/clap/clap-full/{name}.safetensors")!);
        using var inputs = SafetensorsFile.Open(Fixtures.Shared("fixtures/clap/clap-frontend.safetensors")!);
        using var clap = new ClapAudio(large ? HtsAtConfig.Large : new HtsAtConfig(), 512, DType.Float32);
        float[] logMel = [.. inputs.ReadFloat32("esc_10s/input_features"), .. inputs.ReadFloat32("esc_3.3s/input_features")];
        var pooled = clap.Encoder.Forward(Tensor.From(logMel, [2, 1, 1001, 64], CpuDevice.Shared), null);
        Golden.Check(golden.ReadFloat64("audio_pooler_output"), pooled.Values(), 1e-5, "pooler_output");
        Golden.Check(golden.ReadFloat64("audio_embeds"), Op.L2Normalize(clap.Head.Forward(pooled)).Values(), 1e-5, "audio_embeds");
    }

    [Theory]
    [InlineData("bicubic_1_to_1024")]
    [InlineData("bicubic_2_to_1024")]
    [InlineData("bicubic_500_to_1024")]
    [InlineData("bicubic_1000_to_1024")]
    [InlineData("bicubic_1023_to_1024")]
    public void Frames_are_stretched_as_PyTorch_stretches_them(string name)
    {
        const int Bins = 64, Side = 256;
        Assert.SkipWhen(Fixtures.Shared("fixtures/clap/clap-frontend.safetensors") is null, Fixtures.WhyAbsent("clap-frontend"));
        using var golden = SafetensorsFile.Open(Fixtures.Shared("fixtures/clap/clap-frontend.safetensors")!);
        int frames = golden.Sizes($"{name}/input")[0];
        foreach (var (dtype, tolerance) in new[] { (DType.Float64, 1e-12), (DType.Float32, 5e-6) })
        {
            double[] input = golden.ReadFloat64($"{name}/input"), wide = new double[frames * Bins];
            for (int i = 0; i < input.Length; i++) wide[i / 3 * Bins + i % 3] = input[i];
            var x = Tensor.Empty([1, 1, frames, Bins], CpuDevice.Shared, dtype);
            if (dtype == DType.Float64) x.CopyFrom<double>(wide);
            else x.CopyFrom<float>(Array.ConvertAll(wide, value => (float)value));
            double[] image = Unfolded(Op.MelPatches(x, Side, 4).Values(), Side, 4);
            double[] stretched = [.. Enumerable.Range(0, 1024 * 3).Select(i => image[(i / 3 / Side * Bins + i % 3) * Side + i / 3 % Side])];
            Golden.Check(golden.ReadFloat64($"{name}/output"), stretched, tolerance, $"{name} in {dtype}");
        }
    }

    public void Dispose()
    {
        _golden.Dispose();
        _scope.Dispose();
    }

    static (double Forward, double Gradient) Tolerances(DType dtype) => dtype == DType.Float64 ? (1e-10, 1e-10) : (1e-5, 1e-4);

    Tensor Backward(ClapAudio clap, TrainingPass? pass)
    {
        var dtype = clap.Encoder.Parameters().First().Tensor.DType;
        using var tape = Tape.Begin();
        var embeddings = clap.Embed(_golden.Load("in/frames501", dtype, CpuDevice.Shared), pass);
        double[] cotangent = [.. Enumerable.Range(0, (int)embeddings.Count).Select(FormulaWeights.Uniform("cotangent.audio", seed: 0))];
        var seed = Tensor.Empty(embeddings.Shape, CpuDevice.Shared, dtype);
        if (dtype == DType.Float64) seed.CopyFrom<double>(cotangent);
        else seed.CopyFrom<float>(Array.ConvertAll(cotangent, value => (float)value));
        tape.Backward(embeddings, seed);
        return embeddings;
    }

    /// <summary>Compares the image that the patches come from, where the golden file has it.</summary>
    bool Image(Tensor normalized, DType dtype, double tolerance)
    {
        if (!_golden.Names.Contains("frames501/image")) return false;
        double[] patches = Op.MelPatches(normalized, _tiny.ImageSize, _tiny.PatchSize).Values();
        double[] images = [.. patches.Chunk(_tiny.ImageSize * _tiny.ImageSize)
            .SelectMany(image => Unfolded(image, _tiny.ImageSize, _tiny.PatchSize))];
        Golden.Check(_golden.ReadFloat64("frames501/image"), images, tolerance, $"image in {dtype}");
        return true;
    }

    static double[] Unfolded(double[] patches, int side, int patch)
    {
        var image = new double[side * side];
        int perSide = side / patch;
        for (int at = 0; at < image.Length; at++)
        {
            int token = at / (patch * patch), within = at % (patch * patch);
            image[(token / perSide * patch + within / patch) * side + token % perSide * patch + within % patch] = patches[at];
        }
        return image;
    }

    void Check(string name, Tensor actual, double tolerance)
    {
        if (_golden.Names.Contains(name)) Golden.Check(_golden.ReadFloat64(name), actual.Values(), tolerance, name);
    }
}
