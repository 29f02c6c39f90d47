using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>Largest side of a window.</summary>
    const int MostWindow = 32;

    /// <summary>
    /// Multi-head attention within shifted windows (Swin, Liu et al. 2021, sections 3.2 and 3.3). The grid of tokens is rolled up and left
    /// by <paramref name="shift"/>, cut into windows, and rolled back. Per window and head
    /// <c>y = softmax(q·kᵀ/√D + b + m)·v</c>: b is the table's entry for the places of query and key relative to each other, m is −100
    /// where rolling brought together two that are no neighbours, else 0.
    /// </summary>
    /// <param name="qkv">
    /// [N, H, W, 3·C], float32, float64 or bfloat16, contiguous: queries, keys and values of all heads; C = heads·D.
    /// </param>
    /// <param name="biasTable">
    /// [(2·window − 1)², heads]: row (query row − key row + window − 1)·(2·window − 1) + (query column − key column + window − 1).
    /// float32 beside bfloat16.
    /// </param>
    /// <param name="heads">Number of heads; divides C.</param>
    /// <param name="window">Height and width of a window, at most 32; divides H and W.</param>
    /// <param name="shift">0 … window − 1; with 0 there is no mask.</param>
    /// <returns>[N, H, W, C], of qkv's type.</returns>
    /// <exception cref="ShapeException">The sizes do not fit each other.</exception>
    public static Tensor WindowAttention(Tensor qkv, Tensor biasTable, int heads, int window, int shift)
    {
        Expect.Activation(qkv);
        Expect.Contiguous(qkv);
        Shape.ExpectRank(qkv, 4, "[N, H, W, 3*C]");
        Expect.Parameter(biasTable, qkv);
        Expect.Contiguous(biasTable);
        if (heads < 1 || qkv.Shape[3] % (3 * heads) != 0)
            throw new ShapeException($"WindowAttention: the last axis of qkv {qkv.Shape} is not 3 x {heads} heads");
        if (window is < 1 or > MostWindow)
            throw new ShapeException($"WindowAttention: the window must be 1 … {MostWindow} tokens high and wide, got {window}");
        if (qkv.Shape[1] % window != 0 || qkv.Shape[2] % window != 0)
            throw new ShapeException($"WindowAttention: windows of {window} x {window} do not tile the grid of qkv {qkv.Shape}");
        if (shift < 0 || shift >= window) throw new ShapeException($"WindowAttention: the shift must be 0 … {window - 1}, got {shift}");
        int places = 2 * window - 1;
        Shape.Expect(biasTable, [places * places, heads], "one row per relative place, one column per head");

        var y = Tensor.Empty(qkv.Shape[..3].Append(qkv.Shape[3] / 3), qkv.Device, qkv.DType);
        qkv.Backend.WindowAttention(qkv, biasTable, heads, window, shift, y);
        return Tape.Record(y, [qkv, biasTable], [qkv, biasTable], (heads, window, shift), static ctx =>
        {
            var (heads, window, shift) = ctx.State<(int, int, int)>();
            var (dQkv, dTable) = (Tensor.EmptyLike(ctx.Saved[0]), Tensor.EmptyLike(ctx.Saved[1]));
            dQkv.Backend.WindowAttentionBackward(ctx.OutputGradient, ctx.Saved[0], ctx.Saved[1], heads, window, shift, dQkv, dTable);
            return [dQkv, dTable];
        });
    }
}

internal partial interface IBackend
{
    void WindowAttention(Tensor qkv, Tensor biasTable, int heads, int window, int shift, Tensor y);

    /// <summary>
    /// With P the soft-max, which is computed again: dv = Pᵀ·dy, dS = P·(dy·vᵀ − Σ dy·vᵀ·P), dq = dS·k/√D, dk = dSᵀ·q/√D; the table
    /// collects dS of all windows, in a fixed order.
    /// </summary>
    void WindowAttentionBackward(Tensor dy, Tensor qkv, Tensor biasTable, int heads, int window, int shift, Tensor dQkv, Tensor dTable);
}
