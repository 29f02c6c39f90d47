using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

/// <summary>The function that a linear layer applies to its output.</summary>
public enum Activation : byte
{
    /// <summary>x itself.</summary>
    None,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x·Φ(x) with the exact normal distribution function, as in BERT.</summary>
    Gelu,
}

public static partial class Op
{
    /// <summary>
    /// <c>y = activation(x·Wᵀ + b)</c> over the last axis. Where nothing records, bias and activation cost no pass of their own.
    /// </summary>
    /// <param name="x">[…, I], float32, float64 or bfloat16, contiguous.</param>
    /// <param name="weight">
    /// W, [O, I], as checkpoints store it; float32 beside bfloat16, and rounded to it, as is b. On the CPU a float32 W in the layout of
    /// filters (<see cref="Layout.OIHW16o"/>) takes less time; nothing can then be recorded.
    /// </param>
    /// <param name="bias">b, [O], or null.</param>
    /// <returns>[…, O], of x's type.</returns>
    /// <exception cref="Errors.ShapeException">W or b does not fit x.</exception>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null, Activation activation = Activation.None)
    {
        Expect.Activation(x);
        Expect.Contiguous(x);
        if (x.Shape.Length == 0) throw new Errors.ShapeException("Linear: x must have at least one axis [..., I], got a scalar");
        Expect.Parameter(weight, x);
        bool recorded = Tape.Follows(x) || Tape.Follows(weight) || (bias is not null && Tape.Follows(bias));
        if (recorded || weight.DType != DType.Float32 || weight.Layout != weight.Device.Filters) Expect.Contiguous(weight);
        Shape.ExpectRank(weight, 2, "[O, I]");
        Shape.Expect(weight, [weight.Shape[0], x.Shape[^1]], "one row per output, one column per feature of x");
        if (bias is not null)
        {
            Expect.Parameter(bias, x);
            Shape.Expect(bias, [weight.Shape[0]], "one value per output");
        }

        var y = Tensor.Empty(x.Shape[..^1].Append(weight.Shape[0]), x.Device, x.DType);
        // The slope of max(x, 0) can be read off its result, that of GELU cannot.
        bool separate = recorded && activation == Activation.Gelu;
        x.Backend.Linear(x, weight, bias, separate ? Activation.None : activation, y);
        if (!recorded) return y;

        bool relu = activation == Activation.Relu;
        Tensor[] inputs = bias is null ? [x, weight] : [x, weight, bias], saved = relu ? [x, weight, y] : [x, weight];
        y = Tape.Record(y, inputs, saved, bias is not null, static ctx =>
        {
            var (x, weight, dy) = (ctx.Saved[0], ctx.Saved[1], ctx.OutputGradient);
            if (ctx.Saved is [_, _, var y])
            {
                dy = Tensor.EmptyLike(y);
                y.Backend.ReluBackward(ctx.OutputGradient, y, dy);
            }
            dy = Matrix(dy);
            // What a residual connection has sent to x goes into the same product.
            using var collected = ctx.TakeCollected(0);
            var summand = collected is null ? null : Matrix(collected);
            var dx = ctx.Wants(0) ? Product(dy, weight, false, false, dy.DType, summand).Reshape(x.Shape) : null;
            var dWeight = ctx.Wants(1) ? Tensor.EmptyLike(weight) : null;
            var dBias = ctx.State<bool>() && ctx.Wants(2) ? Tensor.Empty([weight.Shape[0]], x.Device, weight.DType) : null;
            if (dWeight is not null || dBias is not null) x.Backend.LinearParameterGradients(dy, Matrix(x), dWeight, dBias);
            return ctx.State<bool>() ? [dx, dWeight, dBias] : [dx, dWeight];
        });
        return separate ? Gelu(y) : y;
    }

    /// <summary>[…, D] as [rows, D].</summary>
    static Tensor Matrix(Tensor x) => x.Reshape([checked((int)x.Shape[..^1].Count), x.Shape[^1]]);
}

internal partial interface IBackend
{
    /// <summary>y = activation(x·Wᵀ + b); W row-major or, on the CPU, in its layout of filters.</summary>
    void Linear(Tensor x, Tensor weight, Tensor? bias, Activation activation, Tensor y);

    /// <summary>dWeight = dyᵀ·x and dBias = Σ dy over rows, where asked for; dy [N, O] and x [N, I].</summary>
    void LinearParameterGradients(Tensor dy, Tensor x, Tensor? dWeight, Tensor? dBias);
}
