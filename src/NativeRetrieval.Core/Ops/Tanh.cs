using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y = tanh(x)</c>, as BERT's pooler applies it.</summary>
    /// <param name="x">Any shape, float32, float64 or bfloat16, contiguous.</param>
    public static Tensor Tanh(Tensor x)
    {
        Expect.Activation(x);
        Expect.Contiguous(x);
        var y = Tensor.EmptyLike(x);
        x.Backend.Tanh(x, y);
        return Tape.Record(y, [x], [y], null, static ctx =>
        {
            var dx = Tensor.EmptyLike(ctx.OutputGradient);
            dx.Backend.TanhBackward(ctx.OutputGradient, ctx.Saved[0], dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void Tanh(Tensor x, Tensor y);

    /// <summary>dx = dy·(1 − y²).</summary>
    void TanhBackward(Tensor dy, Tensor y, Tensor dx);
}
