using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y = x / max(‖x‖₂, ε)</c> over the last axis.</summary>
    /// <param name="x">[…, D], float32 or float64, contiguous.</param>
    /// <param name="epsilon">ε: a zero vector stays zero.</param>
    public static Tensor L2Normalize(Tensor x, double epsilon = 1e-12)
    {
        Expect.Real(x);
        Expect.Contiguous(x);
        if (x.Shape.Length == 0) throw new ShapeException("L2Normalize: x must have at least one axis, got a scalar");
        var y = Tensor.EmptyLike(x);
        x.Backend.L2Normalize(x, epsilon, y);
        return Tape.Record(y, [x], [x], epsilon, static ctx =>
        {
            var dx = Tensor.EmptyLike(ctx.OutputGradient);
            dx.Backend.L2NormalizeBackward(ctx.OutputGradient, ctx.Saved[0], ctx.State<double>(), dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void L2Normalize(Tensor x, double epsilon, Tensor y);

    /// <summary>dx = (dy − y·Σ dy·y)/‖x‖ with y = x/‖x‖, and dy/ε where ‖x‖ ≤ ε.</summary>
    void L2NormalizeBackward(Tensor dy, Tensor x, double epsilon, Tensor dx);
}
