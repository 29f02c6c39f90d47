using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// Multi-head attention (Vaswani et al. 2017): per sentence and head <c>y = dropout(softmax(q·kᵀ/√D))·v</c>, where the soft-max is over
    /// the sentence's own keys; later ones weigh 0. Queries past the length are computed like any other, so their rows are finite; a
    /// sentence of length 0 gives zeros.
    /// </summary>
    /// <param name="q">[B, S, H·D], float32 or float64, contiguous.</param>
    /// <param name="k">Like <paramref name="q"/>.</param>
    /// <param name="v">Like <paramref name="q"/>.</param>
    /// <param name="lengths">int32 [B], each 0 … S.</param>
    /// <param name="heads">H; divides the last axis.</param>
    /// <param name="dropoutProbability">Share of the weights that are dropped, 0 ≤ p &lt; 1; the others are divided by 1 − p.</param>
    /// <param name="dropout">Weight [b, h, query, key] uses number ((b·H + h)·S + query)·S + key of this stream.</param>
    /// <exception cref="ShapeException">Shapes differ, H does not divide the width, or a length is outside 0 … S.</exception>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, Tensor lengths, int heads, double dropoutProbability = 0,
        Philox dropout = default)
    {
        Expect.Real(q);
        Expect.Contiguous(q);
        Shape.ExpectRank(q, 3, "[B, S, H*D]");
        Expect.Same(k, q);
        Expect.Same(v, q);
        Expect.Lengths(lengths, q.Shape[0], q);
        if (heads < 1 || q.Shape[2] % heads != 0)
            throw new ShapeException($"Attention: {heads} heads do not divide the width of q {q.Shape}");
        if (dropoutProbability is not (>= 0 and < 1))
            throw new OptionException($"Attention: the dropout probability must be in [0, 1), got {dropoutProbability}");

        var y = Tensor.EmptyLike(q);
        bool recorded = Tape.Follows(q) || Tape.Follows(k) || Tape.Follows(v);
        using var weights = recorded ? Tensor.Empty([q.Shape[0], heads, q.Shape[1], q.Shape[1]], q.Device, q.DType) : null;
        q.Backend.Attention(q, k, v, lengths, heads, dropoutProbability, dropout, y, weights);
        if (weights is null) return y;
        return Tape.Record(y, [q, k, v], [q, k, v, lengths, weights], (heads, dropoutProbability, dropout), static ctx =>
        {
            var (heads, probability, dropout) = ctx.State<(int, double, Philox)>();
            var saved = ctx.Saved;
            var (dq, dk, dv) = (Tensor.EmptyLike(saved[0]), Tensor.EmptyLike(saved[0]), Tensor.EmptyLike(saved[0]));
            dq.Backend.AttentionBackward(ctx.OutputGradient, saved[0], saved[1], saved[2], saved[3], saved[4], heads, probability, dropout,
                dq, dk, dv);
            return [dq, dk, dv];
        });
    }
}

internal partial interface IBackend
{
    /// <param name="weights">[B, H, S, S], the soft-max before dropout, or null where backward will not come.</param>
    void Attention(Tensor q, Tensor k, Tensor v, Tensor lengths, int heads, double dropoutProbability, Philox dropout, Tensor y,
        Tensor? weights);

    void AttentionBackward(Tensor dy, Tensor q, Tensor k, Tensor v, Tensor lengths, Tensor weights, int heads, double dropoutProbability,
        Philox dropout, Tensor dq, Tensor dk, Tensor dv);
}
