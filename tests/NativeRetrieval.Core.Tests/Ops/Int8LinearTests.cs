using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Ops;

public sealed class Int8LinearTests
{
    [Fact]
    public void The_weight_takes_a_quarter_of_the_memory_and_outlives_its_tensor()
    {
        using var scope = TensorScope.Begin();
        var values = new float[768 * 768];
        Array.Fill(values, 0.5f);
        var weight = Tensor.From(values, [768, 768], CpuDevice.Shared);
        using var int8 = new Int8Weight(weight);
        Assert.InRange(int8.SizeBytes, weight.SizeBytes / 4, weight.SizeBytes / 4 + 16 * 768);
        weight.Dispose();
        float[] y = Op.Int8Linear(Tensor.From(Enumerable.Repeat(2f, 768).ToArray(), [1, 768], CpuDevice.Shared), int8).ToArray<float>();
        Assert.All(y, value => Assert.Equal(768, value, 1e-3));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Weights_that_are_not_finite_are_refused_with_their_row(float value)
    {
        using var scope = TensorScope.Begin();
        var values = new float[40 * 9];
        values[30 * 9 + 8] = value;
        var error = Assert.Throws<NativeRetrievalException>(() => new Int8Weight(Tensor.From(values, [40, 9], CpuDevice.Shared)));
        Assert.Contains("row 30", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sums_that_int32_might_not_hold_are_refused()
    {
        using var scope = TensorScope.Begin();
        var error = Assert.Throws<ShapeException>(() =>
            new Int8Weight(Tensor.Zeros([1, Int8Weight.MostInputs + 1], CpuDevice.Shared)));
        Assert.Contains("at most 66311 inputs", error.Message, StringComparison.Ordinal);
        Assert.True(255L * 127 * Int8Weight.MostInputs <= int.MaxValue);
    }

    [Fact]
    public void Tensors_that_do_not_fit_are_refused()
    {
        using var scope = TensorScope.Begin();
        using var weight = new Int8Weight(Tensor.Zeros([4, 3], CpuDevice.Shared));
        Tensor Zeros(Shape shape, DType dtype = DType.Float32) => Tensor.Zeros(shape, CpuDevice.Shared, dtype);
        Refused("the weight's 3 inputs", () => Op.Int8Linear(Zeros([2, 4]), weight));
        Refused("x must be float32", () => Op.Int8Linear(Zeros([2, 3], DType.Float64), weight));
        Refused("got a scalar", () => Op.Int8Linear(Zeros([]), weight));
        Refused("one value per output", () => Op.Int8Linear(Zeros([2, 3]), weight, Zeros([3])));
        Refused("must be float32", () => new Int8Weight(Zeros([2, 3], DType.Float64)));
        Refused("2 axes", () => new Int8Weight(Zeros([2, 3, 1])));

        static void Refused(string reason, Func<object> call) =>
            Assert.Contains(reason, Assert.Throws<ShapeException>(call).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tape_is_refused()
    {
        using var scope = TensorScope.Begin();
        using var weight = new Int8Weight(Tensor.Zeros([4, 3], CpuDevice.Shared));
        var x = Tensor.Zeros([2, 3], CpuDevice.Shared);
        x.RequiresGradient = true;
        Op.Int8Linear(x, weight);
        using var tape = Tape.Begin();
        var error = Assert.Throws<NativeRetrievalException>(() => Op.Int8Linear(x, weight));
        Assert.Contains("no gradient", error.Message, StringComparison.Ordinal);
    }
}
