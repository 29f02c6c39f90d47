using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn.Layers;

/// <summary>Convolution without bias, 5x5, 3x3 or 1x1, stride 1, keeping height and width; Xavier-uniform at the start, as PANNs.</summary>
public sealed class Conv2d : Module
{
    public Conv2d(int inChannels, int outChannels, int kernel, Device device, DType dtype, PhiloxSequence? random) =>
        Weight = Parameter("weight", Initialization.XavierUniform([outChannels, inChannels, kernel, kernel], device, dtype, random));

    /// <summary>[O, I, k, k].</summary>
    public Tensor Weight { get; }

    public Tensor Forward(Tensor x) => Op.Conv2d(x, Weight);
}
