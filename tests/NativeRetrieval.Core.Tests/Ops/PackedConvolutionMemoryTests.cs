using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Ops;

public sealed class PackedConvolutionMemoryTests
{
    /// <summary>Packed ahead, these would take 1.3 to four times the memory of the weights, which stay beside them.</summary>
    [Theory]
    [InlineData(512, 512, 4)]
    [InlineData(512, 512, 2)]
    public void LargeKernelsTakeNoMemoryBesideTheWeights(int inputs, int outputs, int width)
    {
        var device = new CpuDevice();
        using var weight = Tensor.Zeros([outputs, inputs, 3, 3], device);
        using Tensor scale = Tensor.Zeros([outputs], device), shift = Tensor.Zeros([outputs], device);
        long before = device.LiveBytes;
        using var packed = new PackedConvolution(weight, scale, shift, width);
        Assert.InRange(device.LiveBytes - before, 1, 64 << 10);
    }
}
