using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void Embedding(Tensor table, Tensor ids, Tensor y) =>
        Launch("embedding", "embedding_forward_f32", checked((int)ids.Count), RowThreads(table.Shape[1]), 0,
            F32(table), ids.Address, F32(y), Faults.Address, table.Shape[0], table.Shape[1]);

    public void EmbeddingBackward(Tensor dy, Tensor ids, Tensor dTable) =>
        Launch("embedding", "embedding_backward_f32", Ceil(dTable.Shape[1], Block), Block, 0,
            F32(dy), ids.Address, F32(dTable), checked((int)ids.Count), dTable.Shape[0], dTable.Shape[1]);
}
