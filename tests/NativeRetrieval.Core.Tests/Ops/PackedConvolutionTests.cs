using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Ops;

public sealed class PackedConvolutionTests
{
    const int Width = 4;

    /// <summary>Channels and widths of a full-size CNN14's blocks from the fourth on: their weights are in memory once.</summary>
    [Theory]
    [InlineData(256, 512, 8)]
    [InlineData(512, 1024, 4)]
    [InlineData(1024, 2048, 2)]
    public void LargeKernelsAreNotCopied(int inputs, int outputs, int width)
    {
        using var scope = TensorScope.Begin();
        var weight = Kernels(outputs, inputs);
        using var packed = new PackedConvolution(weight, Ones(outputs), Ones(outputs), width);
        Assert.Same(weight.Memory, packed.Weight.Memory);
    }

    [Fact]
    public void SmallKernelsArePackedWithinTheCache()
    {
        using var scope = TensorScope.Begin();
        var weight = Kernels(256, 256);
        using var packed = new PackedConvolution(weight, Ones(256), Ones(256), width: 16);
        Assert.NotSame(weight.Memory, packed.Weight.Memory);
        Assert.InRange(packed.Weight.SizeBytes, 1, 10 << 20);
    }

    [Fact]
    public void LargeKernelsOutliveTheTensorTheyWereMadeFrom()
    {
        using var scope = TensorScope.Begin();
        var weight = Kernels(512, 512);
        weight.CopyFrom<float>(Enumerable.Repeat(1f, 512 * 512 * 9).ToArray());
        using var packed = new PackedConvolution(weight, Ones(512), Ones(512), Width);
        weight.Dispose();
        // One pixel of ones: 512 products of 1 in its centre tap, then the shift.
        var x = Op.ToLayout(Tensor.From(Ones(512).ToArray<float>(), [1, 512, 1, 1], CpuDevice.Shared), CpuDevice.Shared.FeatureMaps);
        using var single = new PackedConvolution(packed.Weight, Ones(512), Ones(512), width: 1);
        Assert.All(Op.ToLayout(Op.PackedConv2d(x, single, relu: false), Layout.Contiguous).ToArray<float>(),
            value => Assert.Equal(513, value, 1e-2));
    }

    [Fact]
    public void LargeKernelsThatChangeAreRefused()
    {
        using var scope = TensorScope.Begin();
        var weight = Kernels(512, 512);
        using var packed = new PackedConvolution(weight, Ones(512), Ones(512), Width);
        var x = Tensor.Zeros([1, 512, 3, Width], CpuDevice.Shared, layout: CpuDevice.Shared.FeatureMaps);
        Op.PackedConv2d(x, packed, relu: true);
        weight.CopyFrom<float>(new float[512 * 512 * 9]);
        var error = Assert.Throws<NativeRetrievalException>(() => Op.PackedConv2d(x, packed, relu: true));
        Assert.Contains("pack them again", error.Message, StringComparison.Ordinal);
    }

    static Tensor Kernels(int outputs, int inputs) =>
        Tensor.Zeros([outputs, inputs, 3, 3], CpuDevice.Shared, layout: CpuDevice.Shared.Filters);

    static Tensor Ones(int count) => Tensor.From(Enumerable.Repeat(1f, count).ToArray(), [count], CpuDevice.Shared);
}
