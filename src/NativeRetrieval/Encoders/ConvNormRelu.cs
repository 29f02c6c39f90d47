using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn;
using NativeRetrieval.Nn.Layers;

namespace NativeRetrieval.Encoders;

/// <summary>A 3x3 convolution, batch norm and ReLU. Frames behind a clip's own are 0 in the result, so that the next convolution sees silence there.</summary>
internal sealed class ConvNormRelu(int inChannels, int outChannels, Device device, DType dtype, PhiloxSequence random)
{
    public Conv2d Convolution { get; } = new(inChannels, outChannels, kernel: 3, device, dtype, random);

    public BatchNorm Norm { get; } = new(outChannels, device, dtype, relu: true);

    public Tensor Forward(Tensor x, Tensor? lengths, TrainingPass? pass)
    {
        using var scope = TensorScope.Begin();
        return scope.Return(Norm.Forward(Convolution.Forward(x), lengths, pass));
    }
}
