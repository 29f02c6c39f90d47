using CustomOp;
using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Autograd;

/// <summary>Operations that a host writes itself, first of all the sample's.</summary>
public sealed class CustomOpTests
{
    readonly CpuDevice _device = new(guarded: true);

    [Fact]
    public void The_sample_ends_with_success()
    {
        object exitCode = typeof(SoftPlus).Assembly.EntryPoint!.Invoke(null, [Array.Empty<string>()])!;
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public void The_sample_s_check_catches_a_wrong_backward_rule()
    {
        var output = new StringWriter();
        // A slope of 1, which is nearly right far above 0.
        static Tensor Wrong(Tensor x) => Tape.Record(SoftPlus.Apply(x).Clone(), [x], [], null, static ctx => [ctx.OutputGradient]);
        Assert.Equal(1, GradientCheck.Run(Wrong, [10], output));
        Assert.Contains("WRONG", output.ToString());
    }

    [Fact]
    public void The_sample_s_op_takes_both_precisions_and_refuses_others()
    {
        using var scope = TensorScope.Begin();
        Assert.Equal(Math.Log(2), SoftPlus.Apply(Tensor.From([0f], [1], _device)).Item(), 1e-7);
        Assert.Equal(1000, SoftPlus.Apply(Tensor.From([1000.0], [1], _device)).Item());
        Assert.Throws<ShapeException>(() => SoftPlus.Apply(Tensor.From([0], [1], _device)));
    }

    [Fact]
    public void Gradients_flow_through_a_host_s_op_to_what_is_before_it()
    {
        using var scope = TensorScope.Begin();
        var x = Leaf(0, 3);
        using var tape = Tape.Begin();
        tape.Backward(Op.Sum(Op.Scale(Square(Op.Scale(x, 2)), 0.5)));
        Assert.Equal([0f, 12f], x.Gradient!.ToArray<float>()); // d(½(2x)²)/dx
    }

    [Fact]
    public void A_gradient_of_another_shape_or_dtype_is_refused_by_the_op_s_name()
    {
        using var scope = TensorScope.Begin();
        var x = Leaf(1, 2);
        var error = Assert.Throws<ShapeException>(() => Backward(x, static ctx => [Tensor.Zeros([3], ctx.OutputGradient.Device)]));
        Assert.Equal("Faulty: its backward rule returned Float32 [3] on cpu for input 0, which is Float32 [2] on cpu", error.Message);
        Assert.Throws<ShapeException>(() => Backward(x, static ctx => [Tensor.Zeros([2], ctx.OutputGradient.Device, DType.Float64)]));
        Assert.Throws<ShapeException>(() => Backward(x, static ctx => [Tensor.Zeros([2], new CpuDevice())]));
        error = Assert.Throws<ShapeException>(() => Backward(x, static _ => []));
        Assert.Equal("Faulty: its backward rule returned 0 gradients for 1 inputs", error.Message);
    }

    [Fact]
    public void An_output_that_is_an_input_or_recorded_already_is_refused()
    {
        using var scope = TensorScope.Begin();
        var x = Leaf(1, 2);
        using var tape = Tape.Begin();
        Assert.Throws<NativeRetrievalException>(() => Tape.Record(x, [x], [], null, static ctx => [ctx.OutputGradient]));
        var y = Op.Scale(x, 2);
        var error = Assert.Throws<NativeRetrievalException>(
            () => Tape.Record(y, [x], [], null, static ctx => [ctx.OutputGradient], "Faulty"));
        Assert.StartsWith("Faulty: the output is an input or is recorded already", error.Message);
    }

    [Fact]
    public void A_rule_may_pass_the_output_s_gradient_on_and_leave_inputs_out()
    {
        using var scope = TensorScope.Begin();
        var (x, y) = (Leaf(1, 2), Leaf(3, 4));
        using var tape = Tape.Begin();
        tape.Backward(Op.Sum(Tape.Record(x.Clone(), [x, y], [], null, static ctx => [ctx.OutputGradient, null])));
        Assert.Equal([1f, 1f], x.Gradient!.ToArray<float>());
        Assert.Null(y.Gradient);
    }

    static Tensor Square(Tensor x)
    {
        float[] values = Array.ConvertAll(x.ToArray<float>(), value => value * value);
        return Tape.Record(Tensor.From(values, x.Shape, x.Device), [x], [x], 2f, static ctx =>
        {
            var (x, dy, factor) = (ctx.Saved[0].ToArray<float>(), ctx.OutputGradient.ToArray<float>(), ctx.State<float>());
            return [Tensor.From([.. x.Zip(dy, (x, dy) => factor * x * dy)], ctx.Saved[0].Shape, ctx.Saved[0].Device)];
        });
    }

    static void Backward(Tensor x, Func<BackwardContext, Tensor?[]> rule)
    {
        using var tape = Tape.Begin();
        tape.Backward(Op.Sum(Tape.Record(x.Clone(), [x], [], null, rule, "Faulty")));
    }

    Tensor Leaf(params float[] values)
    {
        var leaf = Tensor.From(values, [values.Length], _device);
        leaf.RequiresGradient = true;
        return leaf;
    }
}
