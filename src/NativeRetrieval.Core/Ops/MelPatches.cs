using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// Spectrograms as the square patches of a square image (HTS-AT, Chen et al. 2022): a clip's frames are stretched to side·side/F by
    /// cubic convolution (Keys 1981, a = −0.75, the first and last frames aligned, frames beyond an end those at the end), cut into side/F
    /// chunks of side frames, and the chunks are stacked: row = chunk·F + mel bin, column = frame in the chunk. side·side/F frames are
    /// taken as they are.
    /// </summary>
    /// <param name="x">[N, 1, T, F], float32 or float64, contiguous; 1 ≤ T ≤ side·side/F.</param>
    /// <param name="side">Height and width of the image; a multiple of F and of <paramref name="patch"/>.</param>
    /// <param name="patch">Height and width of a patch.</param>
    /// <param name="lengths">int32 [N], frames of each clip that are its own, 1 … T; those behind them are not read. Null: all.</param>
    /// <param name="dtype">Type of the result: that of x (null), or bfloat16 on a device that computes in it.</param>
    /// <returns>[N, (side/patch)², patch²]: patches row by row, and the values of a patch row by row.</returns>
    /// <exception cref="ShapeException">
    /// The sizes do not fit each other, a length is outside 1 … T, or the device has no such type.
    /// </exception>
    public static Tensor MelPatches(Tensor x, int side, int patch, Tensor? lengths = null, DType? dtype = null)
    {
        Expect.Real(x);
        Expect.Contiguous(x);
        Shape.ExpectRank(x, 4, "[N, 1, T, F]");
        Shape.Expect(x, [x.Shape[0], 1, x.Shape[2], x.Shape[3]], "spectrograms have one channel");
        int frames = x.Shape[2], bins = x.Shape[3];
        if (patch < 1 || side < 1 || side % patch != 0 || bins < 1 || side % bins != 0)
            throw new ShapeException(
                $"MelPatches: the side of the image, {side}, must be a multiple of the {bins} mel bins and of the patch, {patch}");
        long most = (long)side * side / bins;
        if (frames < 1 || frames > most)
            throw new ShapeException($"MelPatches: an image of {side} x {side} takes 1 … {most} frames of {bins} mel bins, got {frames}");
        if (lengths is not null) Expect.Lengths(lengths, x.Shape[0], x);
        var stored = Expect.Stored(dtype, x);

        int perSide = side / patch;
        var y = Tensor.Empty([x.Shape[0], perSide * perSide, patch * patch], x.Device, stored);
        x.Backend.MelPatches(x, lengths, side, patch, y);
        return Tape.Record(y, [x], lengths is null ? [] : [lengths], (x.Shape, x.DType, side, patch), static ctx =>
        {
            var (shape, dtype, side, patch) = ctx.State<(Shape, DType, int, int)>();
            var dx = Tensor.Empty(shape, ctx.OutputGradient.Device, dtype);
            dx.Backend.MelPatchesBackward(ctx.OutputGradient, ctx.Saved is [var lengths] ? lengths : null, side, patch, dx);
            return [dx];
        });
    }
}

internal partial interface IBackend
{
    void MelPatches(Tensor x, Tensor? lengths, int side, int patch, Tensor y);

    /// <summary>The transpose: each frame collects what the image's columns took from it; 0 behind a clip's own.</summary>
    void MelPatchesBackward(Tensor dy, Tensor? lengths, int side, int patch, Tensor dx);
}
