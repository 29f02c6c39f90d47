using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.CudaEmulator.Tests.Runtime;

/// <summary>Mistakes of a user on a device, and the device's memory.</summary>
[Collection("device")]
public sealed class DeviceTests
{
    [Fact]
    public void A_token_id_outside_the_table_is_told_when_values_are_read_and_only_once()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var scope = TensorScope.Begin();
        var table = Tensor.Zeros([7, 3], test.Device);
        var rows = Op.Embedding(table, Tensor.From([1, 7], [2], test.Device));
        Assert.Equal("Embedding: id 7 at position 1 is outside the table of 7 rows",
            Assert.Throws<ShapeException>(() => rows.ToArray<float>()).Message);
        Assert.Equal(6, rows.ToArray<float>().Length);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(6)]
    public void A_length_outside_the_sentence_is_told(int length)
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var scope = TensorScope.Begin();
        var x = Tensor.Zeros([2, 5, 4], test.Device);
        var lengths = Tensor.From([5, length], [2], test.Device);
        var mean = Op.MeanOverTokens(x, lengths);
        Assert.Contains($"MeanOverTokens: lengths[1] is {length}, outside 0 … 5",
            Assert.Throws<ShapeException>(() => mean.ToArray<float>()).Message);
        var starts = Tensor.From([0, 5, 5 + length], [3], test.Device);
        var y = Op.Attention(Tensor.Zeros([12, 6], test.Device), starts, heads: 2, tokens: 5);
        Assert.Contains($"Attention: starts[2] is {5 + length}; starts must rise from 0 to 12, the rows of qkv",
            Assert.Throws<ShapeException>(() => y.ToArray<float>()).Message);
    }

    [Fact]
    public void Double_precision_and_host_pointers_are_refused_with_what_to_do()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var scope = TensorScope.Begin();
        Assert.Contains("float64 is for checks on the CPU",
            Assert.Throws<ShapeException>(() => Op.Full([2], 1, test.Device, DType.Float64)).Message);
        var x = Op.Full([1, 3, 2, 2], 1, test.Device);
        var kernels = Tensor.Zeros([1, 3, 3, 3], test.Device);
        Assert.Contains("weight must be NHWC", Assert.Throws<ShapeException>(() => Op.Conv2d(x, kernels)).Message);
        kernels = Op.ToLayout(kernels, test.Device.Filters);
        Assert.Contains("feature maps on cuda:0 must be NHWC", Assert.Throws<ShapeException>(() => Op.Conv2d(x, kernels)).Message);
        Assert.Contains("to NCHW16c", Assert.Throws<ShapeException>(() => Op.ToLayout(x, Layout.NCHW16c)).Message);
    }

    /// <summary>A request that no device can meet; what was there before is still there.</summary>
    [Fact]
    public void Out_of_memory_is_said_and_work_goes_on()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var scope = TensorScope.Begin();
        var x = Op.Full([4], 2, test.Device);
        var error = Assert.Throws<CudaOutOfMemoryException>(() => Tensor.Empty([1 << 20, 1 << 20], test.Device));
        Assert.Equal(1L << 42, error.RequestedBytes);
        Assert.Contains("use a smaller batch", error.Message);
        Assert.Equal([4f, 4, 4, 4], Op.Scale(x, 2).ToArray<float>());
    }

    [Fact]
    public void Steps_that_repeat_take_no_new_memory()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        var weight = Op.Full([64, 64], 0.01, test.Device);
        long reserved = 0;
        for (int step = 0; step < 5; step++)
        {
            test.Device.Synchronize(); // what the last step freed is then free, however fast the device is
            using var scope = TensorScope.Begin();
            var x = Tensor.From(new float[64 * 64], [64, 64], test.Device);
            Op.Linear(Op.Gelu(Op.Linear(x, weight)), weight).Item();
            if (step == 2) reserved = test.Device.Memory.ReservedBytes;
        }
        Assert.Equal(reserved, test.Device.Memory.ReservedBytes);
        weight.Dispose();
    }
}
