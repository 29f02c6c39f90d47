using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// One vector per clip: the mean over mel bins, then maximum plus mean over the clip's own frames (PANNs; the report, section 2.2.1).
    /// A clip without frames gives 0.
    /// </summary>
    /// <param name="x">[N, C, T, F], contiguous, float32, float64 or bfloat16.</param>
    /// <param name="lengths">int32 [N], frames of each clip that are not padding; null: all.</param>
    /// <returns>[N, C], float32 for bfloat16 and otherwise as <paramref name="x"/>: an encoder's vector, which is not rounded.</returns>
    public static Tensor ClipPooling(Tensor x, Tensor? lengths = null)
    {
        Expect.Activation(x);
        Expect.Contiguous(x);
        Shape.ExpectRank(x, 4, "[N, C, T, F]");
        if (lengths is not null) Expect.Lengths(lengths, x.Shape[0], x);
        var y = Tensor.Empty(x.Shape[..2], x.Device, x.DType == DType.BFloat16 ? DType.Float32 : x.DType);
        var peaks = Tensor.Empty(x.Shape[..2], x.Device, DType.Int32); // the frame of each maximum: all that backward needs
        x.Backend.ClipPooling(x, lengths, y, peaks);
        return Tape.Record(y, [x], lengths is null ? [peaks] : [peaks, lengths], (x.Shape, x.DType), static ctx =>
        {
            var (shape, dtype) = ctx.State<(Shape, DType)>();
            var dx = Tensor.Empty(shape, ctx.OutputGradient.Device, dtype);
            dx.Backend.ClipPoolingBackward(ctx.OutputGradient, ctx.Saved[0], ctx.Saved.Length > 1 ? ctx.Saved[1] : null, dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void ClipPooling(Tensor x, Tensor? lengths, Tensor y, Tensor peaks);

    void ClipPoolingBackward(Tensor dy, Tensor peaks, Tensor? lengths, Tensor dx);
}
