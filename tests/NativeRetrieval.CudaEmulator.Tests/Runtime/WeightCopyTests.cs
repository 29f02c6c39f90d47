using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Checkpoints;
using NativeRetrieval.Nn.Layers;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Runtime;

/// <summary>The bfloat16 copies of weights, and weights in the layout of filters.</summary>
[Collection("device")]
public sealed class WeightCopyTests
{
    /// <summary>x is 1: y is the weight that the product has seen.</summary>
    [Fact]
    public void A_copy_follows_every_change_of_its_weight_and_is_freed_with_it()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var scope = TensorScope.Begin();
        var one = Op.Cast(Op.Full([1, 1], 1, test.Device), DType.BFloat16);
        long before = test.Device.LiveBytes;
        var weight = TensorScope.Detach(Op.Full([1, 1], 2, test.Device));
        Assert.Equal(2, Product());
        long withCopy = test.Device.LiveBytes;

        weight.CopyFrom<float>([3]);
        Assert.Equal(3, Product());
        weight.CopyFrom(Op.Full([1, 1], 4, test.Device));
        Assert.Equal(4, Product());
        Op.MoveTowards(weight, Op.Full([1, 1], 6, test.Device), 0.5);
        Assert.Equal(5, Product());
        Tensor gradient = Op.Full([1, 1], 1, test.Device), first = Tensor.ZerosLike(weight), second = Tensor.ZerosLike(weight);
        for (int step = 1; step <= 2; step++)
        {
            // A step of Adam is the learning rate at first.
            Op.Adam([new(weight, gradient, first, second)], new(LearningRate: 1, Step: step));
            Assert.Equal(5 - step, Product(), 2);
        }
        weight.CopyFrom<float>([7]);
        Assert.Equal(7, Product());
        Assert.True(withCopy > before);
        scope.Dispose();
        weight.Dispose();
        test.Device.Trim(); // tables of addresses are kept for the next step
        Assert.True(test.Device.LiveBytes < before);

        double Product()
        {
            using var inner = TensorScope.Begin();
            return Op.Cast(Op.Linear(one, weight), DType.Float32).ToArray<float>()[0];
        }
    }

    /// <summary>One chunk and a rest that is no vector of four; two steps, so that the copy is written twice.</summary>
    [Theory]
    [InlineData("forward")]
    [InlineData("random")]
    public void Adam_writes_the_copy_as_a_cast_of_the_weight_would(string order)
    {
        using var test = new TestDevice(order);
        using var scope = TensorScope.Begin();
        var (expected, found) = test.Run(device =>
        {
            int[] shape = [3, 21_849];
            float[] values = [.. Enumerable.Range(0, 3 * 21_849).Select(i => MathF.Sin(i))];
            Tensor weight = Tensor.From(values, shape, device), gradient = Tensor.From(Array.ConvertAll(values, v => -v), shape, device);
            Tensor first = Tensor.ZerosLike(weight), second = Tensor.ZerosLike(weight);
            nint address = ((Cuda.Backend.CudaBackend)device.Backend).Copies.Of(weight);
            var copy = device.Wrap(address, shape, DType.BFloat16);
            for (int step = 1; step <= 2; step++) Op.Adam([new(weight, gradient, first, second)], new(LearningRate: 0.1, Step: step));
            return (Values(Op.Cast(weight, DType.BFloat16)), Values(copy));
        });
        Assert.Equal(expected, found);
        Assert.Contains(found, value => value is > 1.05f);

        static float[] Values(Tensor x) => Op.Cast(x, DType.Float32).ToArray<float>();
    }

    /// <summary>Layers whose weights are one block of memory have one copy, in which each part has its place.</summary>
    [Fact]
    public void Parts_of_one_block_are_renewed_at_their_place_in_its_copy()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var scope = TensorScope.Begin();
        var parts = Tensor.From([1f, 2, 3, 4, 5, 6], [6, 1], test.Device).Split(3);
        var one = Op.Cast(Op.Full([1, 1], 1, test.Device), DType.BFloat16);
        Assert.Equal([1, 2, 3, 4, 5, 6], Product(Op.Concat(parts)));
        Assert.Equal([3, 4], Product(parts[1]));

        parts[2].CopyFrom<float>([50, 60]);
        Assert.Equal([1, 2, 3, 4, 50, 60], Product(Op.Concat(parts)));
        // All parts in one step.
        var gradients = Array.ConvertAll(parts, part => Op.Full(part.Shape, 1, test.Device));
        AdamSlot[] slots = [.. parts.Zip(gradients, (part, gradient) =>
            new AdamSlot(part, gradient, Tensor.ZerosLike(part), Tensor.ZerosLike(part)))];
        Op.Adam(slots, new(LearningRate: 1, Step: 1));
        Assert.Equal([0, 1, 2, 3, 49, 59], Array.ConvertAll(Product(Op.Concat(parts)), MathF.Round));
        parts[0].CopyFrom<float>([7, 8]);
        Assert.Equal([7, 8, 2, 3, 49, 59], Array.ConvertAll(Product(Op.Concat(parts)), MathF.Round));

        float[] Product(Tensor weight) => Op.Cast(Op.Linear(one, weight), DType.Float32).ToArray<float>();
    }

    /// <summary>Work that was recorded reads the copy's memory: it holds what the weight holds before anybody asks for it again.</summary>
    [Fact]
    public void A_copy_is_renewed_when_its_weight_changes_not_when_it_is_next_asked_for()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var scope = TensorScope.Begin();
        var weight = Op.Full([1, 1], 2, test.Device);
        Op.Linear(Op.Cast(Op.Full([1, 1], 1, test.Device), DType.BFloat16), weight);
        nint address = ((Cuda.Backend.CudaBackend)test.Device.Backend).Copies.Of(weight);
        var copy = test.Device.Wrap(address, [1, 1], DType.BFloat16);
        weight.CopyFrom<float>([3]);
        Assert.Equal(3, Op.Cast(copy, DType.Float32).ToArray<float>()[0]);
    }

    /// <summary>Kernels lie in memory as cuDNN reads them; files hold them as the CPU writes them, byte for byte.</summary>
    [Fact]
    public void Files_of_convolutions_are_those_of_the_CPU()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var folder = new TemporaryFolder();
        using var cpu = new Conv2d(3, 5, 3, Core.Devices.CpuDevice.Shared, DType.Float32, new(new(1)));
        using var gpu = new Conv2d(3, 5, 3, test.Device, DType.Float32, new(new(1)));
        Assert.Equal(Layout.NHWC, gpu.Weight.Layout);
        StateFile.Write(folder["cpu"], cpu);
        StateFile.Write(folder["gpu"], gpu);
        Assert.Equal(File.ReadAllBytes(folder["cpu"]), File.ReadAllBytes(folder["gpu"]));

        using var read = new Conv2d(3, 5, 3, test.Device, DType.Float32, random: null);
        using (var file = Core.Serialization.SafetensorsFile.Open(folder["cpu"])) StateFile.Read(file, read);
        Assert.Equal(cpu.Weight.ToArray<float>(), read.Weight.ToArray<float>());
        Assert.Equal(Layout.NHWC, read.Weight.Layout);
        read.Weight.CopyFrom<float>(new float[3 * 5 * 9]);
        Assert.All(read.Weight.ToArray<float>(), value => Assert.Equal(0, value));
    }
}
