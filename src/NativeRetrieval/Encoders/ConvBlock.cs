using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Encoders;

/// <summary>Twice 3x3 convolution, batch norm and ReLU; then average pooling and dropout.</summary>
internal sealed class ConvBlock : Module
{
    readonly ConvNormRelu _first, _second;
    readonly int _window;
    readonly double _dropout;

    public ConvBlock(int inChannels, int outChannels, int window, double dropout, Device device, DType dtype, PhiloxSequence? random)
    {
        (_window, _dropout) = (window, dropout);
        _first = Layer(1, inChannels);
        _second = Layer(2, outChannels);

        ConvNormRelu Layer(int number, int channels)
        {
            var layer = new ConvNormRelu(channels, outChannels, device, dtype, random);
            Child($"conv{number}", layer.Convolution);
            Child($"bn{number}", layer.Norm);
            return layer;
        }
    }

    public (Tensor, FrameLengths) Forward(Tensor x, FrameLengths own, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        x = _first.Forward(x, own.Tensor, pass);
        x = _second.Forward(x, own.Tensor, pass);
        x = Op.AvgPool2d(x, _window, _window);
        own = own.Pooled(_window, x);
        if (own.Tensor is { } lengths)
        {
            scope.Return(lengths);
            x = Op.MaskFrames(x, lengths); // the frame that straddles the end is left out
        }
        if (pass is not null) x = Op.Dropout(x, _dropout, pass.NextStream());
        return (scope.Return(x), own);
    }

    protected override void ReleaseDerived()
    {
        _first.ReleaseDerived();
        _second.ReleaseDerived();
        base.ReleaseDerived();
    }
}
