using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.FeatureMaps;

/// <summary>A feature map as [outer, height, width, inner]: planes are repeated outside, values of one pixel lie inside.</summary>
/// <param name="Planes">Planes of a clip.</param>
/// <param name="Groups">Groups of neighbouring values of a pixel: packs of 16 bytes, or one by one.</param>
/// <param name="Packed">1: groups are packs.</param>
internal readonly record struct PooledMap(int Outer, int Planes, int Height, int Width, int Inner, int Groups, int Packed)
{
    public int Pixels => checked(Outer * Height * Width);

    /// <summary>Windows without overlap; not whole: with those that an edge cuts off.</summary>
    public int Windows(int height, int width, bool whole = true) =>
        checked(Outer * Count(Height, height, whole) * Count(Width, width, whole));

    /// <param name="others">Tensors that are read and written beside x, in the same packs.</param>
    public static PooledMap Of(Tensor x, params ReadOnlySpan<Tensor> others)
    {
        bool last = x.Layout == Layout.NHWC;
        int planes = last ? 1 : x.Shape[1], inner = last ? x.Shape[1] : 1, packed = CudaBackend.InPacks(inner, x, others);
        return new(checked(x.Shape[0] * planes), planes, x.Shape[2], x.Shape[3], inner, CudaBackend.Groups(inner, packed, x), packed);
    }

    static int Count(int pixels, int window, bool whole) => whole ? pixels / window : (pixels + window - 1) / window;
}
