using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace CustomOp;

/// <summary>The backward rule of an operation against finite differences of its forward pass, in float64.</summary>
public static class GradientCheck
{
    const double Step = 1e-5, Tolerance = 1e-7;

    /// <summary>Prints the gradient of <c>loss = Σᵢ wᵢ·op(x)ᵢ</c> beside (loss(x + h) − loss(x − h)) / 2h for each element of x.</summary>
    /// <returns>0 where they agree, 1 where they do not: the exit code.</returns>
    public static int Run(Func<Tensor, Tensor> op, double[] values, TextWriter output)
    {
        using var scope = TensorScope.Begin();
        var x = Tensor.From(values, [values.Length], CpuDevice.Shared);
        var weights = Tensor.From([.. values.Select((_, i) => 1.0 + i)], [values.Length], CpuDevice.Shared);
        x.RequiresGradient = true;
        using (var tape = Tape.Begin()) tape.Backward(Op.Dot(op(x), weights));
        double[] gradient = x.Gradient!.ToArray<double>();

        bool agree = true;
        for (int i = 0; i < values.Length; i++)
        {
            double difference = (Loss(i, Step) - Loss(i, -Step)) / (2 * Step);
            agree &= Math.Abs(gradient[i] - difference) <= Tolerance * (1 + Math.Abs(difference));
            output.WriteLine($"x = {values[i],5}: gradient {gradient[i]:F9}, finite difference {difference:F9}");
        }
        output.WriteLine(agree ? "the gradient is right" : "the gradient is WRONG");
        return agree ? 0 : 1;

        double Loss(int element, double delta)
        {
            double[] moved = [.. values];
            moved[element] += delta;
            return Op.Dot(op(Tensor.From(moved, [moved.Length], CpuDevice.Shared)), weights).Item();
        }
    }
}
