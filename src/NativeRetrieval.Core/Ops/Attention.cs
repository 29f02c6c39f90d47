using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// Multi-head attention (Vaswani et al. 2017): per sentence and head <c>y = dropout(softmax(q·kᵀ/√D))·v</c> over the sentence's own
    /// tokens. Sentences lie one behind the other without padding; rows behind the last one get zeros, and no gradient. Backward
    /// computes the weights again: they are not kept.
    /// </summary>
    /// <param name="qkv">[T, 3·H·D]: query, key and value of each token; float32, float64 or bfloat16, contiguous.</param>
    /// <param name="starts">int32 [B + 1]: the first row of each sentence, and the row behind the last one.</param>
    /// <param name="heads">H; divides a third of the last axis.</param>
    /// <param name="tokens">S, the most tokens of a sentence.</param>
    /// <param name="dropoutProbability">Share of the weights that are dropped, 0 ≤ p &lt; 1; the others are divided by 1 − p.</param>
    /// <param name="dropout">Weight [b, h, query, key] uses number ((b·H + h)·S + query)·S + key of this stream.</param>
    /// <returns>[T, H·D].</returns>
    /// <exception cref="ShapeException">
    /// 3·H does not divide the width, starts do not rise from 0 to at most T, or a sentence has more than S tokens.
    /// </exception>
    public static Tensor Attention(Tensor qkv, Tensor starts, int heads, int tokens, double dropoutProbability = 0,
        Philox dropout = default)
    {
        Expect.Activation(qkv);
        Expect.Contiguous(qkv);
        Shape.ExpectRank(qkv, 2, "[T, 3*H*D]");
        if (starts.DType != DType.Int32 || starts.Shape.Length != 1 || starts.Shape[0] == 0 || starts.Device != qkv.Device)
            throw new ShapeException($"Attention: starts must be int32 [B + 1] on {qkv.Device}, got {starts.Describe()}");
        if (heads < 1 || qkv.Shape[1] % (3 * heads) != 0)
            throw new ShapeException($"Attention: the width of qkv {qkv.Shape} is not 3 times a multiple of {heads} heads");
        if (starts.Shape[0] == 1 && qkv.Shape[0] > 0)
            throw new ShapeException($"Attention: qkv {qkv.Shape} has rows, but starts names no sentence");
        if (dropoutProbability is not (>= 0 and < 1))
            throw new OptionException($"Attention: the dropout probability must be in [0, 1), got {dropoutProbability}");

        var y = Tensor.Empty([qkv.Shape[0], qkv.Shape[1] / 3], qkv.Device, qkv.DType);
        var sizes = new AttentionSizes(heads, tokens, dropoutProbability, dropout);
        qkv.Backend.Attention(qkv, starts, sizes, y);
        return Tape.Record(y, [qkv], [qkv, starts], sizes, static ctx =>
        {
            var dqkv = Tensor.EmptyLike(ctx.Saved[0]);
            dqkv.Backend.AttentionBackward(ctx.OutputGradient, ctx.Saved[0], ctx.Saved[1], ctx.State<AttentionSizes>(), dqkv);
            return [dqkv];
        });
    }
}

/// <summary>Heads, most tokens of a sentence, and dropout of the weights.</summary>
internal readonly record struct AttentionSizes(int Heads, int Tokens, double Probability, Philox Dropout);

internal partial interface IBackend
{
    void Attention(Tensor qkv, Tensor starts, AttentionSizes sizes, Tensor y);

    void AttentionBackward(Tensor dy, Tensor qkv, Tensor starts, AttentionSizes sizes, Tensor dqkv);
}
