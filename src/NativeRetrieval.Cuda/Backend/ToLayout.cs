using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    const int Tile = 32, GridLimit = 65535;

    public void ToLayout(Tensor x, Tensor y)
    {
        int channels = x.Shape[1], pixels = checked(x.Shape[2] * x.Shape[3]);
        if (y.Layout == Layout.NHWC) Transpose(x, y, channels, pixels);
        else Transpose(x, y, pixels, channels);
    }

    /// <summary>y [N, columns, rows] from x [N, rows, columns].</summary>
    void Transpose(Tensor x, Tensor y, int rows, int columns) =>
        Launch("to_layout", Stored(x, "to_layout_forward_f32", "to_layout_forward_bf16"),
            (Ceil(columns, Tile), Ceil(rows, Tile), Math.Min(x.Shape[0], GridLimit)), Block, 0,
            Activations(x), Activations(y), x.Shape[0], rows, columns);
}
