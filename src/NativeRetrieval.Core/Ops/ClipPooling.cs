using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// One vector per clip: the mean over mel bins, then maximum plus mean over the clip's own frames (PANNs; the report, section 2.2.1).
    /// A clip without frames gives 0.
    /// </summary>
    /// <param name="x">[N, C, T, F], contiguous, float32 or float64.</param>
    /// <param name="lengths">int32 [N], frames of each clip that are not padding; null: all.</param>
    /// <returns>[N, C].</returns>
    public static Tensor ClipPooling(Tensor x, Tensor? lengths = null)
    {
        Expect.Real(x);
        Expect.Contiguous(x);
        Shape.ExpectRank(x, 4, "[N, C, T, F]");
        if (lengths is not null) Expect.Lengths(lengths, x.Shape[0], x);
        var y = Tensor.Empty(x.Shape[..2], x.Device, x.DType);
        var peaks = Tensor.Empty(x.Shape[..2], x.Device, DType.Int32); // the frame of each maximum: all that backward needs
        x.Backend.ClipPooling(x, lengths, y, peaks);
        return Tape.Record(y, [x], lengths is null ? [peaks] : [peaks, lengths], x.Shape, static ctx =>
        {
            var dx = Tensor.Empty(ctx.State<Shape>(), ctx.OutputGradient.Device, ctx.OutputGradient.DType);
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
