using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y[b] = x[b, 0]</c>: a sentence's vector is that of its first token, [CLS].</summary>
    /// <param name="x">[B, S, D] with S ≥ 1, float32, float64 or bfloat16, contiguous.</param>
    /// <returns>[B, D]; float32 of bfloat16.</returns>
    public static Tensor FirstToken(Tensor x)
    {
        Expect.Activation(x);
        Expect.Contiguous(x);
        Shape.ExpectRank(x, 3, "[B, S, D]");
        if (x.Shape[1] == 0) throw new Errors.ShapeException($"FirstToken: x has no tokens, {x.Shape}");
        var y = Tensor.Empty([x.Shape[0], x.Shape[2]], x.Device, Widened(x.DType));
        x.Backend.FirstToken(x, y);
        return Tape.Record(y, [x], [], (x.Shape, x.DType), static ctx =>
        {
            var (shape, dtype) = ctx.State<(Shape, DType)>();
            var dx = Tensor.Empty(shape, ctx.OutputGradient.Device, dtype);
            dx.Backend.FirstTokenBackward(ctx.OutputGradient, dx);
            return [dx];
        });
    }

    /// <summary>The type of results outside the encoders: float32 for bfloat16.</summary>
    static DType Widened(DType dtype) => dtype == DType.BFloat16 ? DType.Float32 : dtype;
}

internal partial interface IBackend
{
    void FirstToken(Tensor x, Tensor y);

    /// <summary>dx[b, 0] = dy[b], other tokens 0.</summary>
    void FirstTokenBackward(Tensor dy, Tensor dx);
}
