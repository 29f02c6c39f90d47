using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda.Backend;
using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Runtime;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Runtime;

/// <summary>What a launch costs the host, what it says when it fails, and the numbers that it draws.</summary>
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

    /// <summary>The number on the device moves the stream as the host's own would be moved.</summary>
    [Theory]
    [InlineData("forward")]
    [InlineData("reverse")]
    [InlineData("random")]
    public void The_stream_offset_on_the_device_moves_every_draw(string order)
    {
        const long Offset = (3L << 32) + 5;
        using var test = new TestDevice(order);
        var backend = (CudaBackend)test.Device.Backend;
        using var number = Tensor.From([Offset], [1], test.Device);
        var expected = Draw(7 + Offset);
        float[] plain = Draw(7);
        backend.StreamOffset = number.Address;
        try
        {
            float[] moved = Draw(7);
            Assert.Equal(expected, moved);
            Assert.NotEqual(plain, moved);
        }
        finally
        {
            backend.StreamOffset = 0;
        }

        float[] Draw(long stream) => test.Run(device =>
        {
            using var scope = TensorScope.Begin();
            var numbers = new Philox(11, (ulong)stream);
            var flat = Op.Full([3, 33], 1, device);
            var maps = Op.Full([2, 3, 4, 5], 1, device);
            var masked = Op.Full([2, 1, 30, 8], 1, device);
            Tensor sentences = Op.Full([9, 24], 1, device), starts = Tensor.From([0, 5, 9], [3], device);
            Tensor ramp = Tensor.From([.. Enumerable.Range(0, 33).Select(i => (float)i)], [33], device);
            return (float[])
            [
                .. Op.Dropout(flat, 0.5, numbers).ToArray<float>(),
                .. Op.Dropout(maps, 0.5, numbers).ToArray<float>(),
                .. Op.SpecAugment(masked, null, new(), numbers).ToArray<float>(),
                .. Op.Attention(sentences, starts, 2, 5, 0.5, numbers).ToArray<float>(),
                .. Op.Attention(sentences, starts, 2, 129, 0.5, numbers).ToArray<float>(),
                .. Op.AddLayerNorm(flat, flat, ramp, ramp, probability: 0.5, stream: numbers).ToArray<float>(),
            ];
        });
    }
}
