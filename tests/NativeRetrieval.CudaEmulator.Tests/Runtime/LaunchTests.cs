using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Runtime;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Runtime;

/// <summary>Launches: their cost for the host, their messages when they fail, and the numbers that they draw.</summary>
[Collection("device")]
public sealed class LaunchTests
{
    [Fact]
    public void A_launch_that_succeeds_allocates_nothing()
    {
        const int Launches = 100;
        using var test = new TestDevice(DeviceOrder.All[0]);
        using var x = Op.Full([64], 1, test.Device);
        using var y = Tensor.EmptyLike(x);
        var (kernels, stream) = (test.Device.Kernels, test.Device.Stream);
        (nint source, nint target) = (x.Address, y.Address);
        for (int i = 0; i < 3; i++) Launch();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Launches; i++) Launch();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Launch() => kernels.Function("relu", "relu_forward_f32").Launch(stream, 1, 64, 0, source, target, x.Count);
    }

    [Fact]
    public void A_launch_that_fails_says_what_was_asked()
    {
        Emulator.Require();
        using var folder = new TemporaryFolder();
        using var context = CudaContext.OpenPrimary();
        using var kernels = new KernelLibrary(context, new(folder.FullPath));
        using var stream = new CudaStream(context);
        var relu = kernels.Function("relu", "relu_forward_f32");
        var error = Assert.Throws<CudaException>(() => relu.Launch(stream, 3, 4096, 0, (nint)0, (nint)0, 0L));
        Assert.Contains("cuLaunchKernel(relu_forward_f32, grid (3, 1, 1), block (4096, 1, 1), 0 shared bytes)", error.Message);
    }

    /// <summary>Recorded draws are moved by numbers on the device, as the host would move their stream and its beginning.</summary>
    [Theory]
    [InlineData("forward")]
    [InlineData("reverse")]
    [InlineData("random")]
    public void The_place_on_the_device_moves_every_draw(string order)
    {
        var (first, moved) = (new DrawingPlace(7, 2), new DrawingPlace(7 + (3L << 32) + 5, 9));
        using var test = new TestDevice(order);
        float[] expected = test.Run(device => Draw(device, moved));
        float[] actual = test.Run(device =>
        {
            using var captured = new CapturedWork(device, Assert.Fail);
            float[] values = [];
            foreach (var place in (DrawingPlace[])[first, first, moved])
            {
                using var scope = TensorScope.Begin();
                var y = captured.Run("draws", [Op.Full([1], 1, device)], place, [], _ => Draws(device, place));
                values = [.. y.SelectMany(tensor => tensor.ToArray<float>())];
            }
            Assert.Equal(2, captured.Replays);
            return values;
        });
        Assert.Equal(expected, actual);
        Assert.NotEqual(test.Run(device => Draw(device, first)), actual);
        Assert.NotEqual(test.Run(device => Draw(device, moved with { FirstToken = first.FirstToken })), actual);
    }

    static float[] Draw(CudaDevice device, DrawingPlace place)
    {
        using var scope = TensorScope.Begin();
        return [.. Draws(device, place).SelectMany(tensor => tensor.ToArray<float>())];
    }

    static Tensor[] Draws(CudaDevice device, DrawingPlace place)
    {
        const ulong PerToken = 33; // no multiple of a block of numbers
        var numbers = new Philox(11, (ulong)place.FirstStream) { First = (ulong)place.FirstToken * PerToken, PerToken = PerToken };
        var items = numbers with { First = PerToken, PerToken = 0 };
        Tensor sentences = Op.Full([9, 24], 1, device), flat = Op.Full([3, 33], 1, device);
        var ramp = Tensor.Constant([.. Enumerable.Range(0, 33).Select(i => (float)i)], [33], device);
        return
        [
            Op.Dropout(flat, 0.5, numbers), Op.Dropout(Op.Full([2, 3, 4, 5], 1, device), 0.5, numbers),
            Op.SpecAugment(Op.Full([2, 1, 30, 8], 1, device), null, new(), items),
            Op.Attention(sentences, Tensor.Constant([0, 5, 9], [3], device), 2, 5, 0.5, items),
            Op.Attention(sentences, Tensor.Constant([0, 5, 9], [3], device), 2, 129, 0.5, items),
            Op.AddLayerNorm(flat, flat, ramp, ramp, probability: 0.5, stream: numbers),
        ];
    }
}
