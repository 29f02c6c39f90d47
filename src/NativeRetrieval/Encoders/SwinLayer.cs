using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>
/// Blocks on one grid of tokens, every second with shifted windows; then, but for the last layer, 2 x 2 neighbours merged: a norm of
/// their joint 4·C values and a linear map to 2·C without bias.
/// </summary>
internal sealed class SwinLayer : Module
{
    readonly SwinBlock[] _blocks;
    readonly LayerNorm? _norm;
    readonly Tensor? _reduction;

    public SwinLayer(HtsAtConfig config, int layer, Device device, PhiloxSequence? random, DType dtype)
    {
        _blocks = new SwinBlock[config.Depths[layer]];
        // A single window has no neighbours to be shifted towards.
        int shift = config.GridOf(layer) > config.Window ? config.Window / 2 : 0;
        for (int i = 0; i < _blocks.Length; i++)
            _blocks[i] = Child($"blocks.{i}", new SwinBlock(config, layer, i % 2 == 0 ? 0 : shift, device, random, dtype));
        if (layer == config.Depths.Count - 1) return;
        int width = config.WidthOf(layer);
        _reduction = Parameter("downsample.reduction.weight",
            Initialization.Normal([2 * width, 4 * width], SwinBlock.InitialDeviation, device, dtype, random));
        _norm = Child("downsample.norm", new LayerNorm(4 * width, HtsAt.NormEpsilon, device, dtype));
    }

    internal IReadOnlyList<SwinBlock> Blocks => _blocks;

    /// <param name="x">[N, grid, grid, C].</param>
    /// <returns>[N, grid/2, grid/2, 2·C]; of the last layer, like <paramref name="x"/>.</returns>
    public Tensor Forward(Tensor x, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        foreach (var block in _blocks) x = block.Forward(x, pass);
        return scope.Return(Merge(x));
    }

    /// <inheritdoc/>
    protected override void ArrangeWeights() => _reduction?.TryArrange();

    /// <summary>The merging of neighbours behind the blocks; nothing in the last layer.</summary>
    internal Tensor Merge(Tensor x) => _norm is null ? x : Op.Linear(_norm.Forward(Op.MergePatches(x)), _reduction!);
}
