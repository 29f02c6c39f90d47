using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Encoders;

/// <summary>Convolutions, each with batch norm and ReLU; then average pooling and dropout.</summary>
internal sealed class ConvBlock : EncoderStage
{
    readonly ConvNorm[] _layers;
    readonly int _window;
    readonly double _dropout;

    /// <param name="convolutions">Number of convolutions; those after the first keep the channels.</param>
    /// <param name="kernel">Height and width of each kernel.</param>
    /// <param name="window">Height and width of the pooling; 1: none.</param>
    public ConvBlock(int inChannels, int outChannels, int convolutions, int kernel, int window, double dropout,
        Device device, DType dtype, PhiloxSequence? random) : base(device, dtype, random)
    {
        (_window, _dropout) = (window, dropout);
        _layers = new ConvNorm[convolutions];
        for (int i = 0; i < convolutions; i++)
            _layers[i] = Layer($"conv{i + 1}", $"bn{i + 1}", i == 0 ? inChannels : outChannels, outChannels, kernel, relu: true);
    }

    public override (Tensor, FrameLengths) Forward(Tensor x, FrameLengths own, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        if (_layers.Length == 2 && _window == 2 && _layers[0].ForwardBlock(_layers[1], x, own.Tensor, pass) is { } y) x = y;
        else
        {
            foreach (var layer in _layers.AsSpan(..^1)) x = layer.Forward(x, own.Tensor, pass);
            x = _layers[^1].ForwardPooled(x, own.Tensor, _window, _dropout, pass, frees: _layers.Length > 1);
        }
        own = own.Pooled(_window);
        if (own.Tensor is { } lengths) scope.Return(lengths);
        return (scope.Return(x), own);
    }
}
