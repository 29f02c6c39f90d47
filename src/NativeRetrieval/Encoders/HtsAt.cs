using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>
/// HTS-AT (Chen et al. 2022), a Swin transformer (Liu et al. 2021) on spectrograms: bn0, the frames stretched and folded into a square
/// image, 4 x 4 patches, layers of blocks with attention in shifted windows, neighbours merged between layers, and the mean over the last
/// grid. The heads for tagging are left out. A clip of any length up to <see cref="AudioEncoderConfig.MostFrames"/> is stretched by
/// itself, whatever else is in the batch. From the patches to the mean over the last grid activations have the device's type. Names are
/// those of LAION's CLAP: <c>bn0</c>, <c>patch_embed.proj</c>, <c>layers.0.blocks.0.attn.qkv</c> …
/// </summary>
public sealed class HtsAt : AudioEncoder
{
    /// <summary>ε of the norms outside the blocks, PyTorch's default; that of the blocks is configured.</summary>
    internal const double NormEpsilon = 1e-5;

    readonly HtsAtConfig _config;
    readonly SwinPatches _patches;
    readonly SwinLayer[] _layers;
    readonly LayerNorm _norm;

    internal HtsAt(HtsAtConfig config, Device device, PhiloxSequence? random, DType dtype) : base(config, device, dtype)
    {
        _config = config;
        _patches = Child("patch_embed", new SwinPatches(config, device, random, dtype));
        _layers = new SwinLayer[config.Depths.Count];
        for (int i = 0; i < _layers.Length; i++) _layers[i] = Child($"layers.{i}", new SwinLayer(config, i, device, random, dtype));
        _norm = Child("norm", new LayerNorm(config.Width, NormEpsilon, device, dtype));
    }

    /// <summary>HTS-AT; the published form is the tiny one of LAION's and WavCaps' models.</summary>
    public static AudioArchitecture Architecture { get; } = AudioArchitecture.Of<HtsAtConfig>(HtsAtConfig.Key, "HTS-AT", [],
        (config, device, random, dtype) => new HtsAt(config, device, random, dtype));

    internal SwinPatches Patches => _patches;

    internal IReadOnlyList<SwinLayer> Layers => _layers;

    private protected override IEnumerable<Module> StagesAfterNorm => [_patches, .. _layers, _norm];

    private protected override Tensor Embed(Tensor x, FrameLengths own, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        x = _patches.Forward(x, own.Tensor, _patches.IsTrainable ? pass : null);
        foreach (var layer in _layers) x = layer.Forward(x, layer.IsTrainable ? pass : null);
        int clips = x.Shape[0], tokens = x.Shape[1] * x.Shape[2];
        Span<int> full = clips <= 256 ? stackalloc int[clips] : new int[clips];
        full.Fill(tokens);
        var counts = Tensor.Constant<int>(full, [clips], x.Device);
        return scope.Return(Op.MeanOverTokens(_norm.Forward(x).Reshape([clips, tokens, _config.Width]), counts));
    }
}
