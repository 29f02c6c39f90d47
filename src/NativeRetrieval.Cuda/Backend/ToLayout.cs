using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    const int Tile = 32, GridLimit = 65535;

    public void ToLayout(Tensor x, Tensor y)
    {
        int channels = x.Shape[1], pixels = checked(x.Shape[2] * x.Shape[3]);
        if (y.Layout == Layout.NHWC) Transpose(F32(x), 0, F32(y), x.Shape[0], channels, pixels);
        else Transpose(F32(x), 0, F32(y), x.Shape[0], pixels, channels);
    }

    /// <summary>y [outer, columns, rows] from x [outer, rows, columns]; scale [outer], or 0.</summary>
    void Transpose(nint x, nint scale, nint y, int outer, int rows, int columns) =>
        Launch("to_layout", "to_layout_forward_f32", (Ceil(columns, Tile), Ceil(rows, Tile), Math.Min(outer, GridLimit)), Block, 0,
            x, scale, y, outer, rows, columns);
}
