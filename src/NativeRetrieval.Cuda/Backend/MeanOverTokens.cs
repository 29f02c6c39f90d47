using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void MeanOverTokens(Tensor x, Tensor lengths, Tensor y) => PoolTokens(x, lengths, y);

    public void MeanOverTokensBackward(Tensor dy, Tensor lengths, Tensor dx) => PoolTokensBackward(dy, lengths, dx);

    void PoolTokens(Tensor x, Tensor? lengths, Tensor y) =>
        Launch("tokens", "tokens_forward_f32", (Ceil(x.Shape[2], Block), Math.Min(x.Shape[0], GridLimit), 1), Block, 0,
            F32(x), IntsOrNull(lengths), F32(y), Faults.Address, x.Shape[0], x.Shape[1], x.Shape[2]);

    void PoolTokensBackward(Tensor dy, Tensor? lengths, Tensor dx) =>
        LaunchOver(dx.Count, "tokens", "tokens_backward_f32", F32(dy), IntsOrNull(lengths), F32(dx), dx.Count, dx.Shape[1], dx.Shape[2]);
}
