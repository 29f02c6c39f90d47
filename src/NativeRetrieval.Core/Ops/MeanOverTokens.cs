using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y[b] = 1/L Σ_{s&lt;L} x[b, s]</c> with L = lengths[b]; zeros where L = 0.</summary>
    /// <param name="x">[B, S, D], float32, float64 or bfloat16, contiguous.</param>
    /// <param name="lengths">int32 [B], each 0 … S.</param>
    /// <returns>[B, D]; float32 of bfloat16.</returns>
    /// <exception cref="Errors.ShapeException">A length is outside 0 … S.</exception>
    public static Tensor MeanOverTokens(Tensor x, Tensor lengths)
    {
        Expect.Activation(x);
        Expect.Contiguous(x);
        Shape.ExpectRank(x, 3, "[B, S, D]");
        Expect.Lengths(lengths, x.Shape[0], x);
        var y = Tensor.Empty([x.Shape[0], x.Shape[2]], x.Device, Widened(x.DType));
        x.Backend.MeanOverTokens(x, lengths, y);
        return Tape.Record(y, [x], [lengths], (x.Shape, x.DType), static ctx =>
        {
            var (shape, dtype) = ctx.State<(Shape, DType)>();
            var dx = Tensor.Empty(shape, ctx.OutputGradient.Device, dtype);
            dx.Backend.MeanOverTokensBackward(ctx.OutputGradient, ctx.Saved[0], dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void MeanOverTokens(Tensor x, Tensor lengths, Tensor y);

    /// <summary>dx[b, s] = dy[b]/L for s &lt; L, else 0.</summary>
    void MeanOverTokensBackward(Tensor dy, Tensor lengths, Tensor dx);
}
