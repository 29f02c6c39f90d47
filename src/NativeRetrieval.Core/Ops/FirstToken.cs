using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y[b] = x[b, 0]</c>: a sentence's vector is that of its first token, [CLS].</summary>
    /// <param name="x">[B, S, D] with S ≥ 1, float32 or float64, contiguous.</param>
    /// <returns>[B, D].</returns>
    public static Tensor FirstToken(Tensor x)
    {
        Expect.Real(x);
        Expect.Contiguous(x);
        Shape.ExpectRank(x, 3, "[B, S, D]");
        if (x.Shape[1] == 0) throw new Errors.ShapeException($"FirstToken: x has no tokens, {x.Shape}");
        var y = Tensor.Empty([x.Shape[0], x.Shape[2]], x.Device, x.DType);
        x.Backend.FirstToken(x, y);
        return Tape.Record(y, [x], [], x.Shape, static ctx =>
        {
            var dx = Tensor.Empty(ctx.State<Shape>(), ctx.OutputGradient.Device, ctx.OutputGradient.DType);
            dx.Backend.FirstTokenBackward(ctx.OutputGradient, dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void FirstToken(Tensor x, Tensor y);

    /// <summary>dx[b, 0] = dy[b], other tokens 0.</summary>
    void FirstTokenBackward(Tensor dy, Tensor dx);
}
