using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Encoders;

namespace NativeRetrieval.Tests.Encoders;

public class ProjectionHeadTests
{
    [Fact]
    public void A_head_is_two_linear_layers_with_a_rectifier_between()
    {
        using var scope = TensorScope.Begin();
        using var head = new ProjectionHead(3, 2, 2, CpuDevice.Shared, new PhiloxSequence(new Philox(1)), DType.Float64);
        Assert.Equal(["0.weight", "0.bias", "2.weight", "2.bias"], head.Parameters().Select(pair => pair.Name));
        var values = head.Parameters().Select(pair => pair.Tensor.ToArray<double>()).ToArray();
        double[] x = [0.5, -1, 2];

        double[] hidden = new double[2], expected = new double[2];
        for (int o = 0; o < 2; o++) hidden[o] = Math.Max(0, values[1][o] + Enumerable.Range(0, 3).Sum(i => values[0][3 * o + i] * x[i]));
        for (int o = 0; o < 2; o++) expected[o] = values[3][o] + Enumerable.Range(0, 2).Sum(i => values[2][2 * o + i] * hidden[i]);

        double[] actual = head.Forward(Tensor.From(x, [1, 3], CpuDevice.Shared)).ToArray<double>();
        for (int o = 0; o < 2; o++) Assert.Equal(expected[o], actual[o], 1e-14);
    }

    [Fact]
    public void Starting_values_lie_within_the_inverse_root_of_the_inputs()
    {
        using var head = new ProjectionHead(400, 100, 10, CpuDevice.Shared, new PhiloxSequence(new Philox(1)));
        float[] first = head.Parameters().First().Tensor.ToArray<float>();
        Assert.InRange(first.Max(MathF.Abs), 0.049f, 0.05f);
        Assert.InRange(first.Average(), -0.001f, 0.001f);
    }

    [Fact]
    public void Every_parameter_gets_a_gradient()
    {
        using var scope = TensorScope.Begin();
        using var head = new ProjectionHead(6, 5, 4, CpuDevice.Shared, new PhiloxSequence(new Philox(1)));
        using (var tape = Tape.Begin())
        {
            var y = head.Forward(Op.Full([2, 6], 1, CpuDevice.Shared));
            tape.Backward(y, Op.Full([2, 4], 1, CpuDevice.Shared));
        }
        Assert.All(head.Parameters(), pair => Assert.NotNull(pair.Tensor.Gradient));
    }
}
