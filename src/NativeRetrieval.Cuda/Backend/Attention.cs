using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Queries (or keys) of a block, and of a tile that it goes through, as in kernels/attention.cu.</summary>
    const int AttentionRows = 8, AttentionTile = 32;

    public void Attention(Tensor q, Tensor k, Tensor v, Tensor lengths, int heads, double dropoutProbability, Philox dropout, Tensor y,
        Tensor? weights)
    {
        var map = new Heads(q, heads);
        Launch("attention", "attention_forward_f32", map.Grid, AttentionRows * Warp, SharedBytesOfQueries(map),
            F32(q), F32(k), F32(v), lengths.Address, Faults.Address, map.Scale, Threshold(dropoutProbability),
            (float)(1 / (1 - dropoutProbability)), (long)dropout.Seed, (long)dropout.Stream, StreamOffset, F32(y), F32OrNull(weights),
            map.Tokens, heads, map.Width);
    }

    public void AttentionBackward(Tensor dy, Tensor q, Tensor k, Tensor v, Tensor lengths, Tensor weights, int heads,
        double dropoutProbability, Philox dropout, Tensor dq, Tensor dk, Tensor dv)
    {
        var map = new Heads(q, heads);
        uint threshold = Threshold(dropoutProbability);
        float keep = (float)(1 / (1 - dropoutProbability));
        using var ds = Tensor.EmptyLike(weights);
        Launch("attention", "attention_backward_queries_f32", map.Grid, AttentionRows * Warp, SharedBytesOfQueries(map),
            F32(dy), F32(k), F32(v), lengths.Address, F32(weights), map.Scale, threshold, keep, (long)dropout.Seed, (long)dropout.Stream,
            StreamOffset, F32(dq), F32(ds), map.Tokens, heads, map.Width);
        int sharedFloats = 2 * AttentionTile * (map.Width + 1) + 2 * AttentionRows * (AttentionTile + map.Width);
        Launch("attention", "attention_backward_keys_f32", map.Grid, AttentionRows * Warp, sharedFloats * sizeof(float),
            F32(dy), F32(q), lengths.Address, F32(weights), F32(ds), threshold, keep, (long)dropout.Seed, (long)dropout.Stream,
            StreamOffset, F32(dk), F32(dv), map.Tokens, heads, map.Width);
    }

    /// <summary>Shared memory for a tile of keys and, for each query, its row of weights and its vector.</summary>
    /// <exception cref="ShapeException">Sentences are too long for this GPU's shared memory.</exception>
    int SharedBytesOfQueries(Heads map)
    {
        long bytes = sizeof(float) * (AttentionTile * (map.Width + 1L) + AttentionRows * ((long)map.Tokens + map.Width));
        return bytes <= device.Properties.SharedBytesPerBlock ? (int)bytes
            : throw new ShapeException($"Attention: {map.Tokens} tokens of {map.Width} values need {bytes} bytes of shared memory, "
                + $"this GPU's blocks have {device.Properties.SharedBytesPerBlock}; use shorter sentences");
    }

    readonly struct Heads(Tensor q, int heads)
    {
        public int Tokens { get; } = q.Shape[1];

        public int Width { get; } = q.Shape[2] / heads;

        public float Scale => 1 / MathF.Sqrt(Width);

        public (int, int, int) Grid { get; } = (checked(q.Shape[0] * heads), Ceil(q.Shape[1], AttentionRows), 1);
    }
}
