using System.Runtime.CompilerServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>
/// Argument checks that many ops share. A message names the op by its public method, the argument, what was expected and what came.
/// </summary>
internal static class Expect
{
    /// <summary>A dtype of float32 or float64.</summary>
    public static void Real(Tensor x, [CallerMemberName] string op = "", [CallerArgumentExpression(nameof(x))] string name = "")
    {
        if (x.DType is not (DType.Float32 or DType.Float64))
            throw new ShapeException($"{op}: {name} must be float32 or float64, got {x.Describe()}");
    }

    /// <summary>A dtype of float32 or float64, or bfloat16 on a device that computes in it.</summary>
    public static void Activation(Tensor x, [CallerMemberName] string op = "", [CallerArgumentExpression(nameof(x))] string name = "")
    {
        if (x.DType != DType.BFloat16) Real(x, op, name);
        else if (!x.Device.ComputesInBFloat16)
            throw new ShapeException($"{op}: {x.Device} computes in float32 or float64, {name} is {x.Describe()}; convert it by Op.Cast");
    }

    /// <summary>The device of the activations and their dtype, or float32 beside bfloat16 activations.</summary>
    public static void Parameter(Tensor parameter, Tensor activations, [CallerMemberName] string op = "",
        [CallerArgumentExpression(nameof(parameter))] string name = "",
        [CallerArgumentExpression(nameof(activations))] string activationsName = "")
    {
        var dtype = activations.DType == DType.BFloat16 ? DType.Float32 : activations.DType;
        if (parameter.DType != dtype || parameter.Device != activations.Device)
            throw new ShapeException($"{op}: {name} must be {dtype} on the device of {activationsName}, {activations.Describe()}; "
                + $"got {parameter.Describe()}");
    }

    /// <summary>The type of a result: that of x, or bfloat16 of float32 on a device that computes in it.</summary>
    /// <param name="dtype">The type that was asked for; null: that of x.</param>
    public static DType Stored(DType? dtype, Tensor x, [CallerMemberName] string op = "",
        [CallerArgumentExpression(nameof(x))] string name = "")
    {
        var stored = dtype ?? x.DType;
        if (stored != x.DType && (stored != DType.BFloat16 || x.DType != DType.Float32 || !x.Device.ComputesInBFloat16))
            throw new ShapeException($"{op}: {x.Device} gives {x.DType} for {name}, {x.Describe()}; {stored} was asked for");
        return stored;
    }

    /// <summary>A row-major layout.</summary>
    public static void Contiguous(Tensor x, [CallerMemberName] string op = "", [CallerArgumentExpression(nameof(x))] string name = "")
    {
        if (x.Layout != Layout.Contiguous)
            throw new ShapeException($"{op}: {name} must be contiguous, got {x.Describe()}; convert it by Op.ToLayout");
    }

    /// <summary>Equal dtype and device.</summary>
    public static void Alike(Tensor x, Tensor reference, [CallerMemberName] string op = "",
        [CallerArgumentExpression(nameof(x))] string name = "", [CallerArgumentExpression(nameof(reference))] string referenceName = "")
    {
        if (x.DType != reference.DType || x.Device != reference.Device)
            throw new ShapeException($"{op}: {name} must have the dtype and device of {referenceName}, {reference.Describe()}; "
                + $"got {x.Describe()}");
    }

    /// <summary>Equal shape, dtype, layout and device.</summary>
    public static void Same(Tensor x, Tensor reference, [CallerMemberName] string op = "",
        [CallerArgumentExpression(nameof(x))] string name = "", [CallerArgumentExpression(nameof(reference))] string referenceName = "")
    {
        Alike(x, reference, op, name, referenceName);
        if (x.Shape != reference.Shape || x.Layout != reference.Layout)
            throw new ShapeException($"{op}: {name} must be like {referenceName}, {reference.Describe()}; got {x.Describe()}");
    }

    /// <summary>Convolution kernels: [O, I, k, k] in the device's layout of filters, k = 1, 3 or 5.</summary>
    public static void Kernel(Tensor weight, [CallerMemberName] string op = "", [CallerArgumentExpression(nameof(weight))] string name = "")
    {
        Shape.ExpectRank(weight, 4, "[O, I, k, k]", op, name);
        var layout = weight.DType == DType.Float64 ? Layout.Contiguous : weight.Device.Filters;
        if (weight.Layout != layout)
            throw new ShapeException(
                $"{op}: {name} must be {layout} on {weight.Device}, got {weight.Describe()}; convert it by Op.ToLayout");
        if (weight.Shape[2] != weight.Shape[3] || weight.Shape[2] is not (1 or 3 or 5))
            throw new ShapeException($"{op}: {name} must be 1x1, 3x3 or 5x5 kernels, got {weight.Shape}");
    }

    /// <summary>Lengths: int32 [<paramref name="count"/>], one per clip or sentence.</summary>
    public static void Lengths(Tensor lengths, int count, Tensor reference, [CallerMemberName] string op = "",
        [CallerArgumentExpression(nameof(lengths))] string name = "")
    {
        if (lengths.DType != DType.Int32 || lengths.Shape != [count] || lengths.Device != reference.Device)
            throw new ShapeException($"{op}: {name} must be int32 [{count}] on {reference.Device}, got {lengths.Describe()}");
    }

    /// <summary>Pooling: feature maps [N, C, H, W] of real numbers, and a window of at least one pixel.</summary>
    public static void Pooling(Tensor x, int height, int width, [CallerMemberName] string op = "",
        [CallerArgumentExpression(nameof(x))] string name = "")
    {
        Activation(x, op, name);
        Shape.ExpectRank(x, 4, "[N, C, H, W]", op, name);
        if (height < 1 || width < 1) throw new ShapeException($"{op}: the window must be at least 1 x 1, got {height} x {width}");
    }

    /// <summary>Dropout: a probability of 0 … 1, without 1.</summary>
    public static void Probability(double probability, [CallerMemberName] string op = "")
    {
        if (probability is not (>= 0 and < 1)) throw new OptionException($"{op}: the probability must be in [0, 1), got {probability}");
    }

    /// <summary>Batch normalisation of [N, C, H, W]: one value per channel, and mel bins with one channel.</summary>
    public static void BatchNorm(Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance,
        BatchNormOptions options, Tensor? lengths, [CallerMemberName] string op = "")
    {
        if (options.Axis is not (1 or 3)) throw new ShapeException($"{op}: the axis must be 1 or 3, got {options.Axis}");
        if (options.Axis == 3)
        {
            Contiguous(x, op);
            Shape.Expect(x, [x.Shape[0], 1, x.Shape[2], x.Shape[3]], "statistics of mel bins need one channel", op);
        }
        Shape perChannel = [x.Shape[options.Axis]];
        Shape.Expect(weight, perChannel, "one value per channel", op);
        Shape.Expect(bias, perChannel, "one value per channel", op);
        Shape.Expect(runningMean, perChannel, "one value per channel", op);
        Shape.Expect(runningVariance, perChannel, "one value per channel", op);
        Parameter(weight, x, op);
        Parameter(bias, x, op);
        Parameter(runningMean, x, op);
        Parameter(runningVariance, x, op);
        if (lengths is not null) Lengths(lengths, x.Shape[0], x, op);
    }
}
