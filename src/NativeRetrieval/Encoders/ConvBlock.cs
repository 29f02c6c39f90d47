using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Encoders;

/// <summary>Convolutions, each with batch norm and ReLU; then average pooling and dropout: twice 3x3 in most of PANNs, once 5x5 in CNN6.</summary>
internal sealed class ConvBlock : EncoderStage
{
    readonly ConvNorm[] _layers;
    readonly int _window;
    readonly double _dropout;

    public ConvBlock(int inChannels, int outChannels, int window, double dropout, Device device, DType dtype, PhiloxSequence? random, int layers = 2, int kernel = 3)
        : base(device, dtype, random)
    {
        (_window, _dropout) = (window, dropout);
        _layers = new ConvNorm[layers];
        for (int i = 0; i < layers; i++) _layers[i] = Layer($"conv{i + 1}", $"bn{i + 1}", i == 0 ? inChannels : outChannels, outChannels, kernel, relu: true);
    }

    public override (Tensor, FrameLengths) Forward(Tensor x, FrameLengths own, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        foreach (var layer in _layers) x = layer.Forward(x, own.Tensor, pass);
        (x, own) = AveragePool(x, own, _window);
        if (own.Tensor is { } lengths) scope.Return(lengths);
        return (scope.Return(Drop(x, _dropout, pass)), own);
    }
}
