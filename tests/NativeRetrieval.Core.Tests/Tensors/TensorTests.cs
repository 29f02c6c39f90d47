using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Tensors;

public sealed class TensorTests
{
    readonly CpuDevice _device = new(guarded: true);

    [Fact]
    public void Views_share_memory_with_the_whole()
    {
        using var scope = TensorScope.Begin();
        var x = Tensor.From([1, 2, 3, 4, 5, 6], [3, 2], _device);
        x.Rows(1, 2).Rows(1, 1).CopyFrom<int>([50, 60]);
        Assert.Equal([1, 2, 3, 4, 50, 60], x.Reshape([6]).ToArray<int>());
    }

    [Fact]
    public void Parts_of_deferred_zeros_take_memory_when_one_is_touched_and_give_it_back_with_the_last()
    {
        Tensor[] parts;
        using (var whole = Tensor.DeferredZeros([6, 2], _device)) parts = whole.Split(3);
        Assert.Equal(0, _device.LiveBytes);
        parts[1].CopyFrom<float>([1, 2, 3, 4]);
        using (var joined = Op.Concat(parts)) Assert.Equal([0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0], joined.ToArray<float>());
        foreach (var part in parts[..2]) part.Dispose();
        Assert.All(parts[2].ToArray<float>(), value => Assert.Equal(0, value));
        parts[2].Dispose();
        Assert.Equal(0, _device.LiveBytes);
    }

    [Fact]
    public void A_view_keeps_the_memory_alive_after_the_whole_is_disposed()
    {
        var x = Tensor.From([1f, 2f], [2], _device);
        var row = x.Rows(1, 1);
        x.Dispose();
        x.Dispose();
        Assert.Equal(2, row.Item());
        row.Dispose();
        Assert.Equal(0, _device.LiveBytes);
        Assert.Throws<ObjectDisposedException>(() => row.ToArray<float>());
    }

    [Fact]
    public void Results_leave_their_scope_and_belong_to_the_outer_one()
    {
        using (TensorScope.Begin())
        {
            Tensor kept;
            using (var inner = TensorScope.Begin())
            {
                _ = Tensor.Zeros([1000], _device);
                kept = inner.Return(Tensor.Zeros([3], _device));
            }
            Assert.Equal([0f, 0f, 0f], kept.ToArray<float>());
        }
        Assert.Equal(0, _device.LiveBytes);
    }

    [Fact]
    public void A_detached_tensor_outlives_every_scope_of_its_thread()
    {
        Tensor kept, left;
        using (TensorScope.Begin())
        {
            var outer = Tensor.Zeros([3], _device);
            using (TensorScope.Begin())
            {
                kept = TensorScope.Detach(outer);
                left = TensorScope.Detach(TensorScope.Detach(Tensor.Zeros([1000], _device)));
            }
        }
        Assert.Equal([0f, 0f, 0f], kept.ToArray<float>());
        kept.Dispose();
        Assert.Equal(1000, left.ToArray<float>().Length);
        left.Dispose();
        Assert.Equal(0, _device.LiveBytes);
    }

    [Fact]
    public void Fresh_memory_of_a_guarded_device_is_not_a_number()
    {
        using var scope = TensorScope.Begin();
        Assert.All(Tensor.Empty([9], _device).ToArray<float>(), value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public unsafe void A_write_past_the_end_is_found_when_the_block_is_freed()
    {
        var x = Tensor.Zeros([4], _device);
        x.Pointer<float>()[4] = 1;
        Assert.Throws<InvalidOperationException>(x.Dispose);
        // The block is forgotten: its finalizer, which would end the process, frees nothing.
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [Fact]
    public void Shape_errors_name_operation_argument_and_shapes()
    {
        using var scope = TensorScope.Begin();
        var (a, b) = (Tensor.Zeros([2, 3], _device), Tensor.Zeros([3, 2], _device));
        var error = Assert.Throws<ShapeException>(() => Op.Add(a, b));
        Assert.Equal("Add: b must be like a, Float32 [2, 3] on cpu; got Float32 [3, 2] on cpu", error.Message);
    }

    [Fact]
    public void BFloat16_rounds_to_nearest_even()
    {
        Assert.Equal(0x3F80, ((BFloat16)1.00390625f).Bits);  // halfway: to even, down
        Assert.Equal(0x3F82, ((BFloat16)1.01171875f).Bits);  // halfway: to even, up
        Assert.Equal(float.PositiveInfinity, (float)(BFloat16)float.MaxValue);
        Assert.True(float.IsNaN((float)(BFloat16)float.NaN));
    }
}
