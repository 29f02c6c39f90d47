using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// <c>y = max(a + b, 0)</c>, elementwise over tensors of equal shape and layout: the end of a residual block in one pass.
    /// </summary>
    public static Tensor AddRelu(Tensor a, Tensor b)
    {
        Expect.Activation(a);
        Expect.Same(b, a);
        var y = Tensor.EmptyLike(a);
        a.Backend.AddRelu(a, b, y);
        return Tape.Record(y, [a, b], [y], null, static ctx =>
        {
            var y = ctx.Saved[0];
            var d = Tensor.EmptyLike(y);
            y.Backend.ReluBackward(ctx.OutputGradient, y, d);
            return [d, d];
        });
    }
}

internal partial interface IBackend
{
    void AddRelu(Tensor a, Tensor b, Tensor y);
}
