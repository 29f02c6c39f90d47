using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Tensors;

/// <summary>Weights of linear layers in the layout of filters, in their own memory.</summary>
public sealed class ArrangeTests
{
    readonly CpuDevice _device = new();

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(200)]
    public void An_arranged_weight_gives_the_same_products_and_the_same_values(int rows)
    {
        using Tensor x = Normal([rows, 37], 1), weight = Normal([48, 37], 2), bias = Normal([48], 3);
        using var expected = Op.Linear(x, weight, bias, Activation.Gelu);
        float[] values = weight.ToArray<float>();
        long bytes = _device.LiveBytes;
        nint address = weight.Address;
        Assert.True(weight.TryArrange());
        Assert.Equal((Layout.OIHW16o, address, bytes), (weight.Layout, weight.Address, _device.LiveBytes));
        Assert.Equal(values, weight.ToArray<float>());
        using var y = Op.Linear(x, weight, bias, Activation.Gelu);
        Assert.Equal(expected.ToArray<float>(), y.ToArray<float>());

        using var back = Op.ToLayout(weight, Layout.Contiguous);
        Assert.Equal(values, back.ToArray<float>());
        using var again = Op.ToLayout(back, Layout.OIHW16o);
        Assert.Equal(values, again.ToArray<float>());
        float[] others = [.. values.Select(value => -value)];
        weight.CopyFrom<float>(others);
        Assert.Equal(others, weight.ToArray<float>());
    }

    [Fact]
    public void A_weight_that_would_be_padded_or_has_no_such_layout_stays_as_it_is()
    {
        Tensor[] others =
        [
            Normal([47, 3], 1), Normal([32], 1), Normal([16, 2, 1, 1], 1), Tensor.Zeros([16, 2], _device, DType.Float64),
            Tensor.DeferredZeros([0, 2], _device, DType.Float64),
        ];
        foreach (var other in others)
        {
            Assert.False(other.TryArrange());
            Assert.Equal(Layout.Contiguous, other.Layout);
            other.Dispose();
            Assert.False(other.TryArrange());
        }
        using var weight = Normal([16, 3], 1);
        Assert.True(weight.TryArrange());
        Assert.False(weight.TryArrange());
    }

    /// <summary>A padded weight is multiplied, too, where it was made so.</summary>
    [Fact]
    public void Outputs_beyond_the_last_are_not_seen()
    {
        using Tensor x = Normal([5, 9], 1), weight = Normal([50, 9], 2);
        using Tensor arranged = Op.ToLayout(weight, Layout.OIHW16o), expected = Op.Linear(x, weight), y = Op.Linear(x, arranged);
        Assert.Equal(64 * 9, arranged.StoredCount);
        Assert.Equal(expected.ToArray<float>(), y.ToArray<float>());
    }

    [Fact]
    public void Parts_of_one_block_are_arranged_one_by_one_and_put_together_without_a_copy()
    {
        using var scope = TensorScope.Begin();
        Tensor whole = Normal([96, 10], 1), x = Normal([3, 10], 2);
        float[] expected = Op.Linear(x, whole).ToArray<float>();
        var parts = whole.Split(3);
        foreach (var part in parts) Assert.True(part.TryArrange());
        var joined = Op.Concat(parts);
        Assert.Equal((parts[0].Address, Layout.OIHW16o), (joined.Address, joined.Layout));
        Assert.Equal(expected, Op.Linear(x, joined).ToArray<float>());
        Assert.Equal(expected, Op.Linear(x, Op.Concat([.. parts.Select(part => part.Clone())])).ToArray<float>());
        Assert.Throws<ShapeException>(() => Op.Concat(parts[0], Normal([16, 10], 3)));
        Assert.Throws<ShapeException>(() => Op.Concat(Normal([16, 10], 3), parts[0]));
    }

    [Fact]
    public void An_arranged_weight_is_not_trained()
    {
        using var scope = TensorScope.Begin();
        Tensor x = Normal([2, 4], 1), weight = Normal([16, 4], 2);
        weight.TryArrange();
        weight.RequiresGradient = true;
        using var tape = Tape.Begin();
        Assert.Contains("must be contiguous", Assert.Throws<ShapeException>(() => Op.Linear(x, weight)).Message);
    }

    Tensor Normal(Shape shape, ulong stream)
    {
        var numbers = new PhiloxSequence(new Philox(3, stream));
        return Tensor.From(Enumerable.Range(0, (int)shape.Count).Select(_ => (float)numbers.NextNormal()).ToArray(), shape, _device);
    }
}
