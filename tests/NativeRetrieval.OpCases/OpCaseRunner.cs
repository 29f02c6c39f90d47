using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.OpCases;

/// <summary>Runs a case in one precision on one device and hands back plain numbers.</summary>
/// <param name="stored">The type of activations that the inputs' values are rounded to: float32, or bfloat16.</param>
public sealed class OpCaseRunner(OpCase opCase, string size, Device device, DType stored = DType.Float32)
{
    const ulong Seed = 20_221_105;

    /// <summary>Inputs as all precisions see them: rounded to float32, activations to the stored type.</summary>
    public Input[] Inputs { get; } =
        [.. opCase.Inputs(size, new PhiloxSequence(new Philox(Seed, (ulong)size.Length))).Select(input =>
            input with { Values = [.. input.Values.Select(v => Rounded(v, input.Parameter ? DType.Float32 : stored))] })];

    /// <summary>The value that a type holds for a number.</summary>
    public static double Rounded(double value, DType dtype) =>
        dtype == DType.BFloat16 ? (float)(BFloat16)(float)value : (double)(float)value;

    public double[] Forward(DType dtype)
    {
        using var scope = TensorScope.Begin();
        return Values(opCase.Run(size, Tensors(dtype), device, dtype));
    }

    /// <summary>The output, and the gradient of Σ weights · output for each differentiable input (empty for others).</summary>
    public (double[] Output, double[][] Gradients) ForwardAndBackward(DType dtype, double[] weights)
    {
        using var scope = TensorScope.Begin();
        using var tape = Tape.Begin();
        var leaves = Leaves(dtype);
        for (int i = 0; i < leaves.Length; i++) leaves[i].RequiresGradient = Inputs[i].Differentiable;
        var y = opCase.Run(size, Arranged(leaves, dtype), device, dtype);
        double[] output = Values(y);
        tape.Backward(y, OutputGradient(y, weights, dtype));
        return (output, [.. leaves.Select((leaf, i) => Inputs[i].Differentiable && leaf.Gradient is { } g ? Values(g) : [])]);
    }

    /// <summary>
    /// Runs the op once in the stored type, and backward where it has a gradient, telling when each pass begins and has been queued;
    /// inputs and the output's gradient lie ready before.
    /// </summary>
    /// <param name="end">The pass: true for the backward one.</param>
    /// <param name="recorded">False: forward alone, without a tape.</param>
    public void Watch(Action begin, Action<bool> end, bool recorded = true)
    {
        bool backward = recorded && opCase.HasGradient;
        using var scope = TensorScope.Begin();
        var inputs = Arranged(Leaves(stored), stored);
        if (backward)
            for (int i = 0; i < inputs.Length; i++) inputs[i].RequiresGradient = Inputs[i].Differentiable;
        using var tape = backward ? Tape.Begin() : null;
        begin();
        var y = opCase.Run(size, inputs, device, stored);
        end(false);
        if (tape is null) return;
        var gradient = OutputGradient(y, [.. Enumerable.Repeat(0.5, checked((int)y.Shape.Count))], stored);
        begin();
        tape.Backward(y, gradient);
        end(true);
    }

    /// <summary>Σ weights · output at inputs moved by <paramref name="delta"/> in one element, in float64.</summary>
    public double Probe(double[] weights, int input, int element, double delta)
    {
        double before = Inputs[input].Values[element];
        Inputs[input].Values[element] = before + delta;
        try
        {
            double[] y = Forward(DType.Float64);
            double sum = 0;
            for (int i = 0; i < y.Length; i++) sum += weights[i] * y[i];
            return sum;
        }
        finally
        {
            Inputs[input].Values[element] = before;
        }
    }

    Tensor[] Tensors(DType dtype) => Arranged(Leaves(dtype), dtype);

    Tensor[] Leaves(DType dtype) => [.. Inputs.Select(input => Make(input.Shape, input.Values, dtype))];

    Tensor[] Arranged(Tensor[] leaves, DType dtype) =>
        [.. leaves.Select((leaf, i) =>
            dtype == DType.Float64 ? leaf
                : Op.Cast(Arrange(leaf, LayoutOf(Inputs[i])),
                    Inputs[i].Parameter ? DType.Float32 : dtype))];

    Layout LayoutOf(Input input) =>
        input.FeatureMap ? device.FeatureMaps : input.Filter ? device.Filters : Layout.Contiguous;

    Tensor OutputGradient(Tensor y, double[] weights, DType dtype)
    {
        var seed = Make(y.Shape, weights, dtype);
        return Op.Cast(Arrange(seed, y.Layout), y.DType);
    }

    static Tensor Arrange(Tensor x, Layout layout) => x.Layout == layout ? x : Op.ToLayout(x, layout);

    Tensor Make(Shape shape, double[] values, DType dtype) => dtype == DType.Float64
        ? Tensor.From(values, shape, device)
        : Tensor.From(Array.ConvertAll(values, v => (float)v), shape, device);

    /// <summary>The logical elements in row-major order.</summary>
    static double[] Values(Tensor y)
    {
        if (y.DType == DType.BFloat16) y = Op.Cast(y, DType.Float32);
        y = Arrange(y, Layout.Contiguous);
        return y.DType == DType.Float64 ? y.ToArray<double>() : Array.ConvertAll(y.ToArray<float>(), v => (double)v);
    }
}
