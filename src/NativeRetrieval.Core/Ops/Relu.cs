using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y = max(x, 0)</c>. The gradient at 0 is 0.</summary>
    /// <param name="x">Any shape and layout, float32, float64 or bfloat16.</param>
    public static Tensor Relu(Tensor x)
    {
        Expect.Activation(x);
        var y = Tensor.EmptyLike(x);
        x.Backend.Relu(x, y);
        return Tape.Record(y, [x], [y], null, static ctx =>
        {
            var y = ctx.Saved[0]; // y > 0 exactly where x > 0, and the next operation keeps y anyway
            var dx = Tensor.EmptyLike(y);
            y.Backend.ReluBackward(ctx.OutputGradient, y, dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void Relu(Tensor x, Tensor y);

    void ReluBackward(Tensor dy, Tensor y, Tensor dx);
}
