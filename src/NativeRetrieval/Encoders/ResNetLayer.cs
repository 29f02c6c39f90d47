using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Encoders;

/// <summary>
/// Blocks of one width; the first may halve frames and mel bins, and so may a pooling with dropout behind the last layer.
/// </summary>
internal sealed class ResNetLayer : EncoderStage
{
    readonly ResNetBlock[] _blocks;
    readonly bool _isLast;
    readonly double _dropout;

    /// <param name="window">2: the first block halves frames and mel bins.</param>
    /// <param name="isLast">2x2 pooling and dropout follow.</param>
    public ResNetLayer(int inChannels, int outChannels, int blocks, int window, double dropout, bool isLast,
        Device device, DType dtype, PhiloxSequence? random)
        : base(device, dtype, random)
    {
        (_isLast, _dropout) = (isLast, dropout);
        _blocks = new ResNetBlock[blocks];
        for (int i = 0; i < blocks; i++)
            _blocks[i] = Child($"{i}", i == 0
                ? new ResNetBlock(inChannels, outChannels, window, dropout, device, dtype, random)
                : new ResNetBlock(outChannels, outChannels, 1, dropout, device, dtype, random));
    }

    public override (Tensor, FrameLengths) Forward(Tensor x, FrameLengths own, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        foreach (var block in _blocks) (x, own) = block.Forward(x, own, pass);
        if (_isLast)
        {
            (x, own) = AveragePool(x, own, 2);
            x = Drop(x, _dropout, pass);
        }
        if (own.Tensor is { } lengths) scope.Return(lengths);
        return (scope.Return(x), own);
    }
}
