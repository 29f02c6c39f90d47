using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>
/// CNN14 (Kong et al. 2020, PANNs) as the report uses it: bn0 over the mel bins, six blocks of two 3x3 convolutions, each with batch norm and ReLU,
/// average pooling and dropout; then the mean over mel, and maximum plus mean over time. The final linear layers belong to the projection head.
/// Names are PANNs': <c>bn0</c>, <c>conv_block1.conv1</c> …
/// </summary>
public sealed class Cnn14 : AudioEncoder
{
    readonly BatchNorm _bn0;
    readonly ConvBlock[] _blocks;
    readonly Cnn14Config _config;

    /// <param name="random">Xavier-uniform kernels are drawn from it; null: zeros, for weights read from a file.</param>
    /// <param name="dtype">float32, or float64 for checks.</param>
    public Cnn14(Cnn14Config config, Device device, PhiloxSequence? random, DType dtype = DType.Float32)
    {
        config.Validate();
        _config = config;
        _bn0 = Child("bn0", new BatchNorm(config.MelBins, device, dtype, axis: 3));
        _blocks = new ConvBlock[config.Channels.Count];
        for (int i = 0, channels = 1; i < _blocks.Length; channels = config.Channels[i++])
        {
            int window = i == _blocks.Length - 1 && !config.PoolBlock6 ? 1 : 2;
            _blocks[i] = Child($"conv_block{i + 1}", new ConvBlock(channels, config.Channels[i], window, config.Dropout, device, dtype, random));
        }
    }

    public override Cnn14Config Config => _config;

    public override IReadOnlyList<Module> Stages => [_bn0, .. _blocks];

    public override Tensor Forward(Tensor logMel, int[]? lengths, TrainingPass? pass = null, SpecAugmentOptions? masks = null)
    {
        using var scope = TensorScope.Begin();
        var own = FrameLengths.Of(lengths, logMel);
        var x = _bn0.Forward(logMel, own.Tensor, _bn0.IsTrainable ? pass : null);
        if (pass is not null && masks is not null) x = Op.SpecAugment(x, own.Tensor, masks, pass.NextStream());
        foreach (var block in _blocks) (x, own) = block.Forward(x, own, block.IsTrainable ? pass : null);
        return scope.Return(Op.ClipPooling(Op.ToLayout(x, Layout.Contiguous), own.Tensor));
    }
}
