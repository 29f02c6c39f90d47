using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;

namespace NativeRetrieval.Encoders;

/// <summary>
/// One part of a convolutional encoder: from feature maps to feature maps. Frames behind a clip's own are 0 at its input and its output.
/// </summary>
internal abstract class EncoderStage(Device device, DType dtype, PhiloxSequence? random) : Module
{
    readonly List<ConvNorm> _layers = [];

    /// <param name="x">[N, C, T, F]; contiguous for C = 1, else in the device's layout of feature maps, float64 excepted.</param>
    /// <param name="own">The clips' lengths at this depth; those of the result come back.</param>
    public abstract (Tensor X, FrameLengths Own) Forward(Tensor x, FrameLengths own, TrainingPass? pass);

    /// <param name="gain">Starting value of the batch norm's γ.</param>
    protected ConvNorm Layer(string convolution, string norm, int inChannels, int outChannels, int kernel, bool relu, double gain = 1)
    {
        var layer = new ConvNorm(inChannels, outChannels, kernel, relu, gain, device, dtype, random);
        Child(convolution, layer.Convolution);
        Child(norm, layer.Norm);
        _layers.Add(layer);
        return layer;
    }

    /// <summary>
    /// Mean over <paramref name="window"/> x <paramref name="window"/>. The frame that straddles a clip's end is left out.
    /// </summary>
    protected static (Tensor, FrameLengths) AveragePool(Tensor x, FrameLengths own, int window) =>
        (Op.AvgPool2d(x, window, window, window == 1 ? null : own.Tensor), own.Pooled(window));

    protected static Tensor Drop(Tensor x, double rate, TrainingPass? pass) =>
        pass is null ? x : Op.Dropout(x, rate, pass.NextStream(x.Shape[1..].Count));

    protected override void ReleaseDerived()
    {
        foreach (var layer in _layers) layer.ReleaseDerived();
        base.ReleaseDerived();
    }
}
