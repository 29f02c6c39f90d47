using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Tensors;

/// <summary>Objects behind tensors and scopes serve again: nothing that was disposed may be seen through them.</summary>
public sealed class ReuseTests
{
    readonly CpuDevice _device = new(guarded: true);

    [Fact]
    public void A_disposed_tensor_is_no_handle_on_the_memory_that_comes_after()
    {
        var gone = Op.Full([4], 1, _device);
        gone.Dispose();
        using var next = Op.Full([4], 2, _device);
        Op.AddInPlace(next, next);
        Assert.Throws<ObjectDisposedException>(() => gone.ToArray<float>());
        Assert.Throws<ObjectDisposedException>(() => gone.Reshape([2, 2]));
        Assert.Throws<ObjectDisposedException>(() => gone.CopyFrom<float>([9, 9, 9, 9]));
        gone.Dispose();
        Assert.Same(_device, gone.Device);
        Assert.False(gone.IsExclusive);
        Assert.Equal([4f, 4f, 4f, 4f], next.ToArray<float>());
    }

    [Fact]
    public void A_tensor_of_reused_memory_begins_like_a_new_one()
    {
        var changed = Tensor.Zeros([4], _device);
        for (int i = 0; i < 3; i++) changed.CopyFrom<float>([1, 2, 3, 4]);
        using var view = changed.Rows(0, 2);
        changed.Dispose();
        view.Dispose();
        using var next = Tensor.Zeros([4], _device);
        Assert.Equal(0, next.Version);
        Assert.True(next.IsExclusive);
    }

    [Fact]
    public void A_scope_that_is_closed_has_no_part_in_the_next_one()
    {
        var closed = TensorScope.Begin();
        closed.Dispose();
        using var outer = TensorScope.Begin();
        Tensor inside;
        using (TensorScope.Begin())
        {
            inside = Tensor.Zeros([3], _device);
            closed.Dispose();
            closed.Return(inside);
            Assert.Equal(3, inside.ToArray<float>().Length);
        }
        Assert.Throws<ObjectDisposedException>(() => inside.ToArray<float>());
    }

    [Fact]
    public void A_scope_closed_before_its_inner_one_leaves_that_its_tensors()
    {
        var outer = TensorScope.Begin();
        var early = Tensor.Zeros([3], _device);
        var inner = TensorScope.Begin();
        var late = Tensor.Zeros([3], _device);
        outer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => early.ToArray<float>());
        Assert.Equal(3, late.ToArray<float>().Length);
        inner.Dispose();
        Assert.Throws<ObjectDisposedException>(() => late.ToArray<float>());
        Assert.Equal(0, _device.LiveBytes);
    }

    [Fact]
    public void A_shape_does_not_follow_the_array_that_it_was_made_of()
    {
        int[] sizes = [7, 1, 9];
        Shape shape = sizes;
        sizes[0] = 2;
        Assert.Equal([7, 1, 9], shape.Sizes.ToArray());
        Shape same = [7, 1, 9];
        Assert.Equal(same, shape);
    }

    /// <summary>More shapes than are kept, on several threads: each has its own sizes.</summary>
    [Fact]
    public void Shapes_that_are_shared_hold_their_sizes()
    {
        System.Threading.Tasks.Parallel.For(0, 8, new ParallelOptions { CancellationToken = TestContext.Current.CancellationToken }, _ =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                Shape shape = [i, 3, i % 7];
                Assert.Equal([i, 3, i % 7], shape.Sizes.ToArray());
                Assert.Equal([i, 3, i % 7, 5], shape.Append(5).Sizes.ToArray());
            }
        });
    }

    /// <summary>Tensors made on one thread and freed on another, as results that are handed over are.</summary>
    [Fact]
    public async Task Threads_that_make_and_free_tensors_of_each_other_never_share_memory()
    {
        const int threads = 4, rounds = 2000;
        var handed = new System.Collections.Concurrent.BlockingCollection<(Tensor Tensor, float Value)>(boundedCapacity: 16);
        var token = TestContext.Current.CancellationToken;
        var makers = Enumerable.Range(0, threads).Select(maker => Task.Run(() =>
        {
            for (int round = 0; round < rounds; round++)
            {
                using var scope = TensorScope.Begin();
                float value = maker * rounds + round;
                var x = Op.Full([round % 13 + 1], value, _device);
                handed.Add((TensorScope.Detach(Op.Add(x, Tensor.ZerosLike(x))), value), token);
            }
        }, token)).ToArray();
        int wrong = 0;
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            foreach (var (tensor, value) in handed.GetConsumingEnumerable(token))
                using (tensor)
                    if (tensor.ToArray<float>().Any(element => element != value)) Interlocked.Increment(ref wrong);
        }, token)).ToArray();
        await Task.WhenAll(makers);
        handed.CompleteAdding();
        await Task.WhenAll(readers);
        Assert.Equal(0, wrong);
        Assert.Equal(0, _device.LiveBytes);
    }
}
