using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>The same values in another type: float32 to bfloat16 rounds to nearest even, bfloat16 to float32 is exact.</summary>
    /// <param name="x">Any shape and layout, float32 or bfloat16.</param>
    /// <param name="dtype">float32 or bfloat16; <paramref name="x"/> itself comes back where it has this type.</param>
    public static Tensor Cast(Tensor x, DType dtype)
    {
        if (x.DType == dtype) return x;
        if (x.DType is not (DType.Float32 or DType.BFloat16) || dtype is not (DType.Float32 or DType.BFloat16))
            throw new ShapeException($"Cast: only float32 and bfloat16 are cast into each other, got {x.Describe()} and {dtype}");
        var y = Tensor.Empty(x.Shape, x.Device, dtype, x.Layout);
        x.Backend.Cast(x, y);
        return Tape.Record(y, [x], [], x.DType, static ctx => [Cast(ctx.OutputGradient, ctx.State<DType>())]);
    }
}

internal partial interface IBackend
{
    void Cast(Tensor x, Tensor y);
}
