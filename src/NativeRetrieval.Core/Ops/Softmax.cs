using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>yᵢ = e^(xᵢ − max x) / Σⱼ e^(xⱼ − max x)</c> over the last axis.</summary>
    /// <param name="x">[…, D], float32 or float64, contiguous.</param>
    public static Tensor Softmax(Tensor x)
    {
        Expect.Real(x);
        Expect.Contiguous(x);
        if (x.Shape.Length == 0) throw new ShapeException("Softmax: x must have at least one axis, got a scalar");
        var y = Tensor.EmptyLike(x);
        x.Backend.Softmax(x, y);
        return Tape.Record(y, [x], [y], null, static ctx =>
        {
            var dx = Tensor.EmptyLike(ctx.OutputGradient);
            dx.Backend.SoftmaxBackward(ctx.OutputGradient, ctx.Saved[0], dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void Softmax(Tensor x, Tensor y);

    /// <summary>dx = y·(dy − Σ dy·y).</summary>
    void SoftmaxBackward(Tensor dy, Tensor y, Tensor dx);
}
