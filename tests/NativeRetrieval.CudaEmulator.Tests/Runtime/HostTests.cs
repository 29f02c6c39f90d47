using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Cuda;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.CudaEmulator.Tests.Runtime;

/// <summary>A host that has CUDA code of its own: its context, its stream, its memory.</summary>
[Collection("device")]
public sealed unsafe class HostTests
{
    [Theory]
    [InlineData("forward")]
    [InlineData("reverse")]
    [InlineData("random")]
    public void Work_goes_on_the_hosts_stream_over_the_hosts_memory_and_nothing_of_it_is_released(string order)
    {
        const int Count = 1000;
        const byte FillByte = 0x40;
        float twice = 2 * BitConverter.Int32BitsToSingle(FillByte * 0x01010101);
        DeviceOrder.Choose(order);
        using var host = CudaContext.OpenPrimary();
        using var current = host.Enter();
        cuStreamCreateWithPriority(out nint stream, StreamFlags.NonBlocking, 0).ThrowIfFailed();
        cuMemAlloc_v2(out nint memory, Count * sizeof(float)).ThrowIfFailed();
        using (var context = CudaContext.Borrow(host.Address, 0))
        using (var device = CudaDevice.Borrow(context, stream))
        {
            // The host's own work is queued first and not waited for: the order on its stream is enough.
            cuMemsetD8Async(memory, FillByte, Count * sizeof(float), device.Stream.Handle).ThrowIfFailed();
            using var scope = TensorScope.Begin();
            var wrapped = device.Wrap(memory, [10, 100]);
            Assert.Equal(memory, device.AddressOf(wrapped));
            var doubled = Op.Scale(wrapped, 2);
            Assert.All(doubled.ToArray<float>(), value => Assert.Equal(twice, value));
            wrapped.CopyFrom(doubled);
            device.Synchronize();
        }
        float[] values = new float[Count];
        fixed (float* first = values)
        {
            cuMemcpyDtoHAsync_v2(first, memory, Count * sizeof(float), new StreamHandle(stream, host, owns: false)).ThrowIfFailed();
            cuCtxSynchronize().ThrowIfFailed();
        }
        Assert.All(values, value => Assert.Equal(twice, value));
        cuMemFree_v2(memory).ThrowIfFailed();
        cuStreamDestroy_v2(stream).ThrowIfFailed();
    }

    [Fact]
    public void A_null_pointer_is_no_tensor_and_a_tensor_of_another_device_has_no_address()
    {
        using var test = new TestDevice(DeviceOrder.All[0]);
        Assert.Contains("null CUdeviceptr", Assert.Throws<ShapeException>(() => test.Device.Wrap(0, [1])).Message);
        using var host = Tensor.From([1f], [1], Core.Devices.CpuDevice.Shared);
        Assert.Contains("not on cuda:0", Assert.Throws<ShapeException>(() => test.Device.AddressOf(host)).Message);
    }
}
