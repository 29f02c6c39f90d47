using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// <c>y = x·Φ(x) = x/2·(1 + erf(x/√2))</c> (Hendrycks and Gimpel 2016), exact as in BERT, not the tanh form. float32 within 3e-7·|x|.
    /// </summary>
    /// <param name="x">Any shape, float32, float64 or bfloat16, contiguous.</param>
    public static Tensor Gelu(Tensor x)
    {
        Expect.Activation(x);
        Expect.Contiguous(x);
        var y = Tensor.EmptyLike(x);
        x.Backend.Gelu(x, y);
        return Tape.Record(y, [x], [x], null, static ctx =>
        {
            var dx = Tensor.EmptyLike(ctx.OutputGradient);
            dx.Backend.GeluBackward(ctx.OutputGradient, ctx.Saved[0], dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void Gelu(Tensor x, Tensor y);

    /// <summary>dx = dy·(Φ(x) + x·φ(x)).</summary>
    void GeluBackward(Tensor dy, Tensor x, Tensor dx);
}
