using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Most tokens of a window in one block, as in kernels/window_attention.cu.</summary>
    const int WindowTokens = 64;

    const int SectorBytes = 32;

    /// <summary>Places and heads of a block that sums the table's gradient.</summary>
    const int TablePlaces = 8, TableHeads = 8;

    public void WindowAttention(Tensor qkv, Tensor biasTable, int heads, int window, int shift, Tensor y)
    {
        var sizes = new WindowSizes(qkv, heads, window);
        if (sizes.Windows == 0) return;
        if (sizes.GroupOf(sizes.ForwardFloats, device) is var group and > 0)
            Launch("window_attention", Stored(qkv, "window_attention_forward_f32", "window_attention_forward_bf16"),
                (sizes.Windows, heads / group, 1), sizes.Threads(group), sizes.Bytes(group, sizes.ForwardFloats),
                Activations(qkv), F32(biasTable), sizes.Scale, Exact, Activations(y), qkv.Shape[1], qkv.Shape[2], heads, sizes.Depth,
                window, shift, group);
        else
            Launch("window_attention", Stored(qkv, "window_attention_large_forward_f32", "window_attention_large_forward_bf16"),
                (sizes.Windows, heads, 1), Block, LargeBytes(sizes.LargeForwardFloats, sizes),
                Activations(qkv), F32(biasTable), sizes.Scale, Activations(y), qkv.Shape[1], qkv.Shape[2], heads, sizes.Depth, window,
                shift);
    }

    public void WindowAttentionBackward(Tensor dy, Tensor qkv, Tensor biasTable, int heads, int window, int shift, Tensor dQkv,
        Tensor dTable)
    {
        var sizes = new WindowSizes(qkv, heads, window);
        using var partial = Tensor.Empty([sizes.Windows, heads, sizes.ShareWidth], qkv.Device);
        if (sizes.Windows > 0 && sizes.GroupOf(sizes.BackwardFloats, device) is var group and > 0)
            Launch("window_attention", Stored(qkv, "window_attention_backward_f32", "window_attention_backward_bf16"),
                (sizes.Windows, heads / group, 1), sizes.Threads(group), sizes.Bytes(group, sizes.BackwardFloats),
                Activations(dy), Activations(qkv), F32(biasTable), sizes.Scale, Exact, Activations(dQkv), F32(partial), qkv.Shape[1],
                qkv.Shape[2], heads, sizes.Depth, window, shift, group);
        else if (sizes.Windows > 0)
            Launch("window_attention", Stored(qkv, "window_attention_large_backward_f32", "window_attention_large_backward_bf16"),
                (sizes.Windows, heads, 1), Block, LargeBytes(sizes.LargeBackwardFloats, sizes),
                Activations(dy), Activations(qkv), F32(biasTable), sizes.Scale, Activations(dQkv), F32(partial), qkv.Shape[1], qkv.Shape[2],
                heads, sizes.Depth, window, shift);
        Launch("window_attention", "window_attention_table_f32", (Ceil(sizes.Places, TablePlaces), Ceil(heads, TableHeads), 1), Block, 0,
            F32(partial), F32(dTable), sizes.Windows, sizes.Places, heads);
    }

    /// <exception cref="ShapeException">Windows are too large for this GPU's shared memory.</exception>
    int LargeBytes(long floats, WindowSizes sizes) =>
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

        /// <summary>Floats of a window's share of the table's gradient for one head: <see cref="Places"/> in whole sectors.</summary>
        public int ShareWidth => (Places + 7) / 8 * 8;

        public float Scale => 1 / MathF.Sqrt(Depth);

        /// <summary>Floats of one head in shared memory.</summary>
        public long ForwardFloats => 3 * Tile + Places;

        /// <inheritdoc cref="ForwardFloats"/>
        public long BackwardFloats => 4 * Tile + Padded * (Padded + 4) + Places;

        public long LargeForwardFloats => 2 * Rows + Places + Block / Warp * (Tokens + (long)Depth);

        public long LargeBackwardFloats => 4 * Rows + Tokens * (Tokens + 1L) + Places;

        /// <summary>Tokens in whole 16, a warp's.</summary>
        int Padded => (Tokens + AttentionRows - 1) / AttentionRows * AttentionRows;

        long Tile => Padded * ((Depth + 7L) / 8 * 8 + 4);

        long Rows => Tokens * (Depth + 1L);

        public int Threads(int group) => group * Padded / AttentionRows * Warp;

        public int Bytes(int group, long floats) => checked((int)(sizeof(float) * (group * floats + 2 * Padded)));

        /// <summary>Heads of a block: two where one has no whole sectors of memory and there are two; 0: one does not fit.</summary>
        public int GroupOf(long floats, CudaDevice device)
        {
            if (Tokens > WindowTokens) return 0;
            bool whole = Depth * qkv.DType.SizeBytes() % SectorBytes == 0;
            for (int group = whole || heads % 2 != 0 ? 1 : 2; group > 0; group--)
                if (sizeof(float) * (group * floats + 2 * Padded) <= device.Properties.SharedBytesPerBlock) return group;
            return 0;
        }
    }
}
