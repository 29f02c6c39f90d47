using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MeanOverTokens(Tensor x, Tensor lengths, Tensor y) =>
        Launch("mean_over_tokens", Stored(x, "mean_over_tokens_forward_f32", "mean_over_tokens_forward_bf16"),
            SentencesByPacks(x), Block, 0, Activations(x), lengths.Address, F32(y), Faults.Address, x.Shape[0], x.Shape[1], x.Shape[2]);

    public void MeanOverTokensBackward(Tensor dy, Tensor lengths, Tensor dx) =>
        Launch("mean_over_tokens", Stored(dx, "mean_over_tokens_backward_f32", "mean_over_tokens_backward_bf16"),
            SentencesByPacks(dx), Block, 0, F32(dy), lengths.Address, Activations(dx), dx.Shape[0], dx.Shape[1], dx.Shape[2]);

    /// <summary>A thread for each pack of a token's width, and the sentences.</summary>
    static (int X, int Y, int Z) SentencesByPacks(Tensor x) =>
        (Ceil(x.Shape[2], Block * PackSize(x)), Math.Min(x.Shape[0], GridLimit), 1);
}
