using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Nn.Optimizers;

namespace NativeRetrieval.Training.Tests.Loop;

/// <summary>Updates within the backward pass: the values of an update after it, one gradient at a time.</summary>
public sealed class LearningWithinBackwardTests : IDisposable
{
    const int Width = 64;
    readonly List<Tensor> _tensors = [];

    [Theory]
    [InlineData(null, 1)]
    [InlineData(1e-3, 3)]
    public void Values_and_norm_are_those_of_an_update_afterwards(double? limit, int most)
    {
        var (together, all) = Trained(limit, within: false);
        var (within, gradients) = Trained(limit, within: true);
        Assert.Equal(together.Norm, within.Norm, together.Norm * 1e-12);
        for (int i = 0; i < together.Values.Length; i++) Assert.Equal(together.Values[i], within.Values[i]);
        Assert.Equal((3, most), (all, gradients));
    }

    /// <summary>Parameters of another optimizer, and those without a gradient, are left alone.</summary>
    [Fact]
    public void Others_parameters_keep_their_gradients()
    {
        var (own, other) = (Parameter(1), Parameter(2));
        using var adam = new AdamOptimizer([new([("own", own)])], new AdamOptions());
        using var rates = adam.BeginStep(0.1);
        using var update = adam.BeginUpdate(rates);
        other.Gradient = Tensor.ZerosLike(other);
        update.Settled(other);
        update.Settled(own);
        Assert.Null(update.Finish());
        Assert.NotNull(other.Gradient);
        other.ClearGradient();
    }

    [Fact]
    public void A_parameter_that_is_given_twice_is_refused()
    {
        var parameter = Parameter(1);
        var error = Assert.Throws<OptionException>(() =>
            new AdamOptimizer([new([("a", parameter)]), new([("b", parameter)])], new AdamOptions()));
        Assert.Equal("Adam: b and a are the same parameter; give it once", error.Message);
    }

    /// <returns>
    /// The parameters after two steps with the last norm, and the most gradients of matrices that lay in memory at a time.
    /// </returns>
    ((float[][] Values, double Norm) Result, int MostGradients) Trained(double? limit, bool within)
    {
        Tensor[] weights = [Parameter(1), Parameter(2), Parameter(3)];
        using var gain = Tensor.From(Enumerable.Repeat(1f, Width).ToArray(), [1, Width], CpuDevice.Shared);
        gain.RequiresGradient = true;
        using var adam = new AdamOptimizer(
            [new([("first", weights[0]), ("second", weights[1])]), new([("third", weights[2]), ("gain", gain)], RateFactor: 0.5)],
            new AdamOptions(WeightDecay: 0.01, MaxGradientNorm: limit));
        double norm = 0;
        int most = 0;
        for (int step = 0; step < 2; step++)
        {
            using var scope = TensorScope.Begin();
            using var tape = Tape.Begin();
            using var rates = adam.BeginStep(0.01);
            using var update = adam.BeginUpdate(rates);
            var x = Tensor.From(Enumerable.Range(0, Width).Select(i => MathF.Sin(i + step)).ToArray(), [1, Width], CpuDevice.Shared);
            foreach (var weight in weights) x = Op.Add(Op.Gelu(Op.MatMul(x, weight)), gain);
            tape.Backward(Op.Sum(x), settled: parameter =>
            {
                most = Math.Max(most, weights.Count(weight => weight.Gradient is not null));
                if (within) update.Settled(parameter);
            });
            norm = update.Finish()!.ToArray<double>()[1];
            Assert.All(weights, weight => Assert.Null(weight.Gradient));
            Assert.Null(gain.Gradient);
        }
        return (([.. weights.Append(gain).Select(tensor => tensor.ToArray<float>())], norm), most);
    }

    Tensor Parameter(int seed)
    {
        float[] values = [.. Enumerable.Range(0, Width * Width).Select(i => MathF.Sin(i * 0.37f + seed) / MathF.Sqrt(Width) * 2)];
        var parameter = TensorScope.Detach(Tensor.From(values, [Width, Width], CpuDevice.Shared));
        parameter.RequiresGradient = true;
        _tensors.Add(parameter);
        return parameter;
    }

    public void Dispose()
    {
        foreach (var tensor in _tensors) tensor.Dispose();
    }
}
