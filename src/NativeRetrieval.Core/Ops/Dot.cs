using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y = Σ a · b</c> over all elements, summed in float64: a loss with a known gradient.</summary>
    /// <returns>[], in the dtype of <paramref name="a"/>.</returns>
    public static Tensor Dot(Tensor a, Tensor b)
    {
        Expect.Real(a);
        Expect.Contiguous(a);
        Expect.Same(b, a);
        var y = Tensor.Empty([], a.Device, a.DType);
        a.Backend.Dot(a, b, y);
        return Tape.Record(y, [a, b], [a, b], null, static ctx =>
        [
            ctx.Wants(0) ? ScaleBy(ctx.Saved[1], ctx.OutputGradient) : null,
            ctx.Wants(1) ? ScaleBy(ctx.Saved[0], ctx.OutputGradient) : null,
        ]);
    }
}

internal partial interface IBackend
{
    void Dot(Tensor a, Tensor b, Tensor y);
}
