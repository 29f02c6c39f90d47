using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y[b] = 1/L Σ_{s&lt;L} x[b, s]</c> with L = lengths[b]; zeros where L = 0.</summary>
    /// <param name="x">[B, S, D], float32 or float64, contiguous.</param>
    /// <param name="lengths">int32 [B], each 0 … S.</param>
    /// <returns>[B, D].</returns>
    /// <exception cref="Errors.ShapeException">A length is outside 0 … S.</exception>
    public static Tensor MeanOverTokens(Tensor x, Tensor lengths)
    {
        Expect.Real(x);
        Expect.Contiguous(x);
        Shape.ExpectRank(x, 3, "[B, S, D]");
        Expect.Lengths(lengths, x.Shape[0], x);
        var y = Tensor.Empty([x.Shape[0], x.Shape[2]], x.Device, x.DType);
        x.Backend.MeanOverTokens(x, lengths, y);
        return Tape.Record(y, [x], [lengths], x.Shape, static ctx =>
        {
            var dx = Tensor.Empty(ctx.State<Shape>(), ctx.OutputGradient.Device, ctx.OutputGradient.DType);
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
