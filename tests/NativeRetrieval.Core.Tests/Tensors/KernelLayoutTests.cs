using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Tensors;

public sealed class KernelLayoutTests
{
    [Theory]
    [InlineData(1, 1, 3)]
    [InlineData(16, 32, 3)]
    [InlineData(37, 5, 5)]
    [InlineData(48, 20, 1)]
    public void KernelsLieByPanelsOfSixteenOutputChannels(int outputs, int inputs, int side)
    {
        using var scope = TensorScope.Begin();
        int taps = side * side;
        float[] values = [.. Enumerable.Range(1, outputs * inputs * taps).Select(value => (float)value)];
        var plain = Tensor.From(values, [outputs, inputs, side, side], CpuDevice.Shared);
        var kernels = Op.ToLayout(plain, CpuDevice.Shared.Filters);
        var stored = kernels.Span<float>().ToArray();
        Assert.Equal((outputs + 15) / 16 * 16 * inputs * taps, stored.Length);
        for (int o = 0; o < (outputs + 15) / 16 * 16; o++)
        for (int at = 0; at < inputs * taps; at++)
            Assert.Equal(o < outputs ? values[o * inputs * taps + at] : 0, stored[(o / 16 * inputs * taps + at) * 16 + o % 16]);
        Assert.Equal(values, kernels.ToArray<float>());
        Assert.Equal(values, Op.ToLayout(kernels, Layout.Contiguous).ToArray<float>());
        var written = Tensor.Empty(plain.Shape, CpuDevice.Shared, layout: CpuDevice.Shared.Filters);
        written.CopyFrom<float>(values);
        Assert.Equal(stored, written.Span<float>().ToArray());
    }

    /// <summary>A large model's kernels are read from a file in row-major order: a copy of the largest would take 144 MiB.</summary>
    [Fact]
    public void WholePanelsAreArrangedInTheirOwnMemory()
    {
        var device = new CpuDevice();
        using var kernels = Tensor.Empty([64, 32, 3, 3], device, layout: device.Filters);
        long before = device.PeakBytes;
        kernels.CopyFrom<float>(new float[64 * 32 * 9]);
        Assert.Equal(before, device.PeakBytes);
    }

    [Fact]
    public void FeatureMapsDoNotBecomeKernelsUnawares()
    {
        using var scope = TensorScope.Begin();
        var maps = Tensor.Zeros([1, 16, 3, 3], CpuDevice.Shared, layout: CpuDevice.Shared.FeatureMaps);
        var error = Assert.Throws<ShapeException>(() => Op.ToLayout(maps, CpuDevice.Shared.Filters));
        Assert.Contains("got NCHW16c to OIHW16o", error.Message, StringComparison.Ordinal);
    }
}
