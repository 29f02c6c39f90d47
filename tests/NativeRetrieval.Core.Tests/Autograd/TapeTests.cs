using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Autograd;

public sealed class TapeTests
{
    readonly CpuDevice _device = new(guarded: true);

    [Fact]
    public void Gradients_of_a_value_used_twice_add_up()
    {
        using var scope = TensorScope.Begin();
        var x = Leaf(1, -2, 3);
        using var tape = Tape.Begin();
        tape.Backward(Op.Sum(Op.Add(Op.Add(x, x), Op.Scale(x, 3))));
        Assert.Equal([5f, 5f, 5f], x.Gradient!.ToArray<float>());
    }

    [Fact]
    public void Gradients_accumulate_over_passes_until_cleared()
    {
        using var scope = TensorScope.Begin();
        var x = Leaf(1, 2);
        for (int pass = 0; pass < 3; pass++)
        {
            using var tape = Tape.Begin();
            tape.Backward(Op.Sum(x));
        }
        Assert.Equal([3f, 3f], x.Gradient!.ToArray<float>());
    }

    [Fact]
    public void Leaves_never_share_a_gradient_that_may_be_changed_in_place()
    {
        using var scope = TensorScope.Begin();
        var (a, b) = (Leaf(1, 2), Leaf(3, 4));
        using var tape = Tape.Begin();
        tape.Backward(Op.Sum(Op.Add(a, b)));
        Op.AddInPlace(a.Gradient!, a.Gradient!);
        Assert.Equal([1f, 1f], b.Gradient!.ToArray<float>());
    }

    [Fact]
    public void Closing_a_scope_early_does_not_break_the_recording()
    {
        using var scope = TensorScope.Begin();
        var x = Leaf(2, 3);
        using var tape = Tape.Begin();
        Tensor loss;
        using (var inner = TensorScope.Begin()) loss = inner.Return(Op.Dot(Op.Relu(Op.Scale(x, 2)), Op.Scale(x, 5)));
        tape.Backward(loss);
        Assert.Equal([40f, 60f], x.Gradient!.ToArray<float>()); // d(10x²)/dx
    }

    [Fact]
    public void Ten_thousand_operations_deep_is_not_a_recursion()
    {
        using var scope = TensorScope.Begin();
        var x = Leaf(1);
        using var tape = Tape.Begin();
        var y = x;
        for (int i = 0; i < 10_000; i++) y = Op.Scale(y, 1);
        tape.Backward(Op.Sum(y));
        Assert.Equal(1, x.Gradient!.Item());
    }

    [Fact]
    public void A_branch_is_walked_and_freed_before_the_gradients_of_the_next_one_come()
    {
        using var scope = TensorScope.Begin();
        const int many = 100_000;
        var (a, b) = (Leaf(new float[many]), Leaf(new float[many]));
        var settled = new List<(Tensor Leaf, long Live)>();
        using (var tape = Tape.Begin())
        {
            Tensor loss;
            using (var inner = TensorScope.Begin())
            {
                var first = Op.Sum(Op.Relu(Op.Relu(a)));
                var unused = Op.Relu(b);
                loss = inner.Return(Op.Add(first, Op.Sum(Op.Relu(Op.Relu(b)))));
            }
            tape.Backward(loss, settled: leaf => settled.Add((leaf, _device.LiveBytes)));
        }
        // Both leaves, a's gradient, the two rectified maps that b's branch saved, and nothing of a's branch.
        Assert.Equal([a, b], settled.Select(item => item.Leaf));
        Assert.Equal(5, settled[0].Live / (many * sizeof(float)));
    }

    [Fact]
    public void Views_pass_gradients_to_the_whole()
    {
        using var scope = TensorScope.Begin();
        var x = Leaf(1, 2, 3, 4, 5, 6);
        using var tape = Tape.Begin();
        var rows = x.Reshape([3, 2]).Rows(1, 1);
        tape.Backward(Op.Dot(rows, rows));
        Assert.Equal([0f, 0f, 6f, 8f, 0f, 0f], x.Gradient!.ToArray<float>());
    }

    [Fact]
    public void Backward_of_something_unrecorded_says_so()
    {
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var error = Assert.Throws<NativeRetrievalException>(() => tape.Backward(Op.Sum(Tensor.Zeros([2], _device))));
        Assert.Contains("not recorded on this tape", error.Message);
    }

    [Fact]
    public void A_seed_of_another_shape_than_the_loss_is_refused()
    {
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var y = Op.Scale(Leaf(1, 2), 3);
        var error = Assert.Throws<ShapeException>(() => tape.Backward(y, Tensor.Zeros([3], _device)));
        Assert.Equal("Backward: the seed gradient must have the loss's shape [2], got [3]", error.Message);
    }

    [Fact]
    public void Everything_is_freed_when_scope_and_tape_close()
    {
        using (TensorScope.Begin())
        {
            var x = Leaf(1, 2, 3);
            using var tape = Tape.Begin();
            tape.Backward(Op.Sum(Op.Relu(Op.Add(x, x))));
        }
        Assert.Equal(0, _device.LiveBytes);
    }

    Tensor Leaf(params float[] values)
    {
        var leaf = Tensor.From(values, [values.Length], _device);
        leaf.RequiresGradient = true;
        return leaf;
    }
}
