using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Tokens of a warp, most tokens and most values of a head in one block, as in kernels/attention.cu.</summary>
    const int AttentionRows = 16, AttentionTokens = 128, AttentionWidth = 128;

    /// <summary>The long way: queries (or keys) of a block, and of a tile that it goes through.</summary>
    const int LongRows = 8, LongTile = 32;

    public void Attention(Tensor qkv, Tensor starts, AttentionSizes sizes, Tensor y)
    {
        var (map, drawn) = (new AttentionMap(qkv, starts, sizes), sizes.Dropout);
        if (map.Fits(map.ForwardFloats, device))
            Launch("attention", Stored(qkv, "attention_forward_f32", "attention_forward_bf16"), map.Heads, map.Threads,
                map.ForwardFloats * sizeof(float), Activations(qkv), starts.Address, Faults.Address, map.Scale,
                Threshold(sizes.Probability), map.Keep, (long)drawn.Seed, (long)drawn.Stream, (long)drawn.First, (long)drawn.PerToken,
                StreamMoves, Exact,
                Activations(y), map.Sentences, map.Rows, sizes.Tokens, sizes.Heads, map.Width);
        else
            Launch("attention", Stored(qkv, "attention_long_forward_f32", "attention_long_forward_bf16"), map.LongGrid, LongRows * Warp,
                map.LongBytes(1, device), Activations(qkv), starts.Address, Faults.Address, map.Scale, Threshold(sizes.Probability),
                map.Keep, (long)drawn.Seed, (long)drawn.Stream, (long)drawn.First, (long)drawn.PerToken, StreamMoves, Activations(y),
                map.Sentences, map.Rows,
                sizes.Tokens, sizes.Heads, map.Width);
    }

    public void AttentionBackward(Tensor dy, Tensor qkv, Tensor starts, AttentionSizes sizes, Tensor dqkv)
    {
        var (map, drawn) = (new AttentionMap(qkv, starts, sizes), sizes.Dropout);
        if (map.Fits(map.BackwardFloats, device))
        {
            Launch("attention", Stored(qkv, "attention_backward_f32", "attention_backward_bf16"), map.Heads, map.Threads,
                map.BackwardFloats * sizeof(float), Activations(dy), Activations(qkv), starts.Address, map.Scale,
                Threshold(sizes.Probability), map.Keep, (long)drawn.Seed, (long)drawn.Stream, (long)drawn.First, (long)drawn.PerToken,
                StreamMoves, Exact,
                Activations(dqkv), map.Sentences, map.Rows, sizes.Tokens, sizes.Heads, map.Width);
            return;
        }
        using var ds = Tensor.Empty([map.Heads, sizes.Tokens, sizes.Tokens], device);
        using var shares = Tensor.EmptyLike(ds);
        Launch("attention", Stored(qkv, "attention_long_queries_f32", "attention_long_queries_bf16"), map.LongGrid, LongRows * Warp,
            map.LongBytes(2, device), Activations(dy), Activations(qkv), starts.Address, map.Scale, Threshold(sizes.Probability),
            map.Keep,
            (long)drawn.Seed, (long)drawn.Stream, (long)drawn.First, (long)drawn.PerToken, StreamMoves, Activations(dqkv), ds.Address,
            shares.Address,
            map.Sentences, map.Rows, sizes.Tokens, sizes.Heads, map.Width);
        int sharedFloats = 2 * LongTile * (map.Width + 1) + 2 * LongRows * (LongTile + map.Width);
        Launch("attention", Stored(qkv, "attention_long_keys_f32", "attention_long_keys_bf16"), map.LongGrid, LongRows * Warp,
            sharedFloats * sizeof(float), Activations(dy), Activations(qkv), starts.Address, ds.Address, shares.Address,
            Activations(dqkv), map.Sentences, map.Rows, sizes.Tokens, sizes.Heads, map.Width);
    }

    /// <summary>1 where products of float32 keep its accuracy.</summary>
    int Exact => device.Options.Precision == Precision.Float32 ? 1 : 0;

    readonly struct AttentionMap(Tensor qkv, Tensor starts, AttentionSizes sizes)
    {
        public int Sentences { get; } = starts.Shape[0] - 1;

        public int Rows { get; } = qkv.Shape[0];

        public int Width { get; } = qkv.Shape[1] / (3 * sizes.Heads);

        public int Heads { get; } = checked((starts.Shape[0] - 1) * sizes.Heads);

        public float Scale => 1 / MathF.Sqrt(Width);

        public float Keep { get; } = (float)(1 / (1 - sizes.Probability));

        public int Threads => Math.Max(1, Ceil(sizes.Tokens, AttentionRows)) * Warp;

        public int ForwardFloats => 3 * TileFloats;

        public int BackwardFloats => 4 * TileFloats + BlockRows * (BlockRows + 4);

        public (int, int, int) LongGrid => (Heads, Ceil(sizes.Tokens, LongRows), 1);

        int BlockRows => Threads / 2;

        int TileFloats => BlockRows * ((Width + 7) / 8 * 8 + 4);

        public bool Fits(int floats, CudaDevice device) => sizes.Tokens <= AttentionTokens && Width <= AttentionWidth
            && floats * sizeof(float) <= device.Properties.SharedBytesPerBlock;

        /// <summary>Shared memory for a tile of keys and, for each query, so many rows of weights and its vector.</summary>
        /// <exception cref="ShapeException">Sentences are too long for this GPU's shared memory.</exception>
        public int LongBytes(int rows, CudaDevice device)
        {
            long bytes = sizeof(float) * (LongTile * (Width + 1L) + LongRows * ((long)rows * sizes.Tokens + Width));
            return bytes <= device.Properties.SharedBytesPerBlock ? (int)bytes
                : throw new ShapeException($"Attention: {sizes.Tokens} tokens of {Width} values need {bytes} bytes of shared memory, "
                    + $"this GPU's blocks have {device.Properties.SharedBytesPerBlock}; use shorter sentences");
        }
    }
}
