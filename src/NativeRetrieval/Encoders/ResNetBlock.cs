using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Encoders;

/// <summary>
/// The basic block of PANNs' ResNets: <c>y = max(bn₂(conv₂(dropout(max(bn₁(conv₁(p)), 0)))) + s, 0)</c>, where p is x or its 2x2 mean (in
/// place of a stride of 2) and s is p, or bn(conv1x1(p)) where the channels change.
/// </summary>
internal sealed class ResNetBlock : EncoderStage
{
    readonly ConvNorm _first, _second;
    readonly ConvNorm? _shortcut;
    readonly int _window;
    readonly double _dropout;

    /// <param name="window">2: the block halves frames and mel bins.</param>
    public ResNetBlock(int inChannels, int outChannels, int window, double dropout, Device device, DType dtype, PhiloxSequence? random)
        : base(device, dtype, random)
    {
        (_window, _dropout) = (window, dropout);
        _first = Layer("conv1", "bn1", inChannels, outChannels, kernel: 3, relu: true);
        // A block starts as its shortcut: the second norm's γ is 0.
        _second = Layer("conv2", "bn2", outChannels, outChannels, kernel: 3, relu: false, gain: 0);
        if (window == 1 && inChannels == outChannels) return;
        // The pooling has a number of its own in PyTorch's Sequential.
        int number = window == 1 ? 0 : 1;
        _shortcut = Layer($"downsample.{number}", $"downsample.{number + 1}", inChannels, outChannels, kernel: 1, relu: false);
    }

    public override (Tensor, FrameLengths) Forward(Tensor x, FrameLengths own, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        (x, own) = AveragePool(x, own, _window);
        if (own.Tensor is { } lengths) scope.Return(lengths);
        var shortcut = _shortcut?.Forward(x, own.Tensor, pass) ?? x;
        x = _first.ForwardPooled(x, own.Tensor, window: 1, _dropout, pass);
        return (scope.Return(_second.ForwardAdded(x, own.Tensor, shortcut, pass)), own);
    }
}
