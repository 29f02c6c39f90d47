using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y = x</c> in each clip's own frames, 0 in the padding behind them.</summary>
    /// <param name="x">[N, C, T, F], any layout, float32, float64 or bfloat16.</param>
    /// <param name="lengths">int32 [N], frames of each clip that are not padding.</param>
    public static Tensor MaskFrames(Tensor x, Tensor lengths)
    {
        Expect.Activation(x);
        Shape.ExpectRank(x, 4, "[N, C, T, F]");
        Expect.Lengths(lengths, x.Shape[0], x);
        var y = Tensor.EmptyLike(x);
        x.Backend.MaskFrames(x, lengths, y);
        return Tape.Record(y, [x], [lengths], null, static ctx => [MaskFrames(ctx.OutputGradient, ctx.Saved[0])]);
    }
}

internal partial interface IBackend
{
    /// <param name="y">May be x: then only the padding is written.</param>
    void MaskFrames(Tensor x, Tensor lengths, Tensor y);
}
