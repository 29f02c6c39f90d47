using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    const int TableThreads = 128;

    public void WindowAttention(Tensor qkv, Tensor biasTable, int heads, int window, int shift, Tensor y)
    {
        var sizes = new WindowSizes(qkv, heads, window);
        if (sizes.Windows == 0) return;
        long floats = 2L * sizes.Rows + sizes.Places + Block / Warp * (sizes.Tokens + (long)sizes.Depth);
        Launch("window_attention", "window_attention_forward_f32", (sizes.Windows, heads, 1), Block, SharedBytes(floats, sizes),
            F32(qkv), F32(biasTable), sizes.Scale, F32(y), qkv.Shape[1], qkv.Shape[2], heads, sizes.Depth, window, shift);
    }

    public void WindowAttentionBackward(Tensor dy, Tensor qkv, Tensor biasTable, int heads, int window, int shift, Tensor dQkv,
        Tensor dTable)
    {
        var sizes = new WindowSizes(qkv, heads, window);
        using var partial = Tensor.Empty([heads, sizes.Places, sizes.Windows], qkv.Device);
        if (sizes.Windows > 0)
        {
            long floats = 4L * sizes.Rows + sizes.Tokens * (sizes.Tokens + 1L) + sizes.Places;
            Launch("window_attention", "window_attention_backward_f32", (sizes.Windows, heads, 1), Block, SharedBytes(floats, sizes),
                F32(dy), F32(qkv), F32(biasTable), sizes.Scale, F32(dQkv), F32(partial), qkv.Shape[1], qkv.Shape[2], heads, sizes.Depth,
                window, shift);
        }
        Launch("window_attention", "window_attention_table_f32", checked(heads * sizes.Places), TableThreads, WarpSums(TableThreads),
            F32(partial), F32(dTable), sizes.Windows, sizes.Places, heads);
    }

    /// <exception cref="ShapeException">Windows are too large for this GPU's shared memory.</exception>
    int SharedBytes(long floats, WindowSizes sizes) =>
        floats * sizeof(float) <= device.Properties.SharedBytesPerBlock ? (int)floats * sizeof(float)
            : throw new ShapeException($"WindowAttention: windows of {sizes.Tokens} tokens of {sizes.Depth} values need "
                + $"{floats * sizeof(float)} bytes of shared memory, this GPU's blocks have {device.Properties.SharedBytesPerBlock}; "
                + "use smaller windows or more heads");

    readonly struct WindowSizes(Tensor qkv, int heads, int window)
    {
        public int Tokens { get; } = window * window;

        public int Windows { get; } = checked(qkv.Shape[0] * (qkv.Shape[1] / window) * (qkv.Shape[2] / window));

        /// <summary>Width of a head.</summary>
        public int Depth { get; } = qkv.Shape[3] / (3 * heads);

        /// <summary>Places of a query and a key relative to each other.</summary>
        public int Places { get; } = (2 * window - 1) * (2 * window - 1);

        /// <summary>Floats of a window's rows of one head in shared memory.</summary>
        public long Rows => Tokens * (Depth + 1L);

        public float Scale => 1 / MathF.Sqrt(Depth);
    }
}
