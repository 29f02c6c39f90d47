using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn.Layers;

/// <summary>Convolution without bias, 5x5, 3x3 or 1x1, stride 1, keeping height and width; Xavier-uniform at the start, as PANNs.</summary>
public sealed class Conv2d : Module
{
    /// <summary>A layer with starting values from <paramref name="random"/>, or zeros without it.</summary>
    /// <param name="kernel">Height and width of the kernels: 1, 3 or 5.</param>
    public Conv2d(int inChannels, int outChannels, int kernel, Device device, DType dtype, PhiloxSequence? random)
    {
        var layout = dtype == DType.Float64 ? Layout.Contiguous : device.Filters;
        Weight = Parameter("weight",
            Initialization.XavierUniform([outChannels, inChannels, kernel, kernel], device, dtype, random, layout));
    }

    /// <summary>The kernels, [O, I, k, k], in the device's layout of filters; files hold them row-major.</summary>
    public Tensor Weight { get; }

    /// <summary><c>y = x ∗ weight</c>.</summary>
    /// <param name="x">[N, I, H, W], in the device's layout of feature maps; contiguous where I = 1.</param>
    /// <returns>[N, O, H, W].</returns>
    public Tensor Forward(Tensor x) => Op.Conv2d(x, Weight);
}
