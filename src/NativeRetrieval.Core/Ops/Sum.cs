using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y = Σ x</c> over all elements, summed in float64.</summary>
    /// <returns>[], in the dtype of <paramref name="x"/>.</returns>
    public static Tensor Sum(Tensor x)
    {
        Expect.Real(x);
        Expect.Contiguous(x);
        var y = Tensor.Empty([], x.Device, x.DType);
        x.Backend.Sum(x, y);
        return Tape.Record(y, [x], [], x.Shape, static ctx =>
            [ScaleBy(Full(ctx.State<Shape>(), 1, ctx.OutputGradient.Device, ctx.OutputGradient.DType), ctx.OutputGradient)]);
    }
}

internal partial interface IBackend
{
    void Sum(Tensor x, Tensor y);
}
