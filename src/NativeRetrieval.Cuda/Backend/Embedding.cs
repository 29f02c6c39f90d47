using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Sorted positions that a block adds up, as in kernels/embedding.cu.</summary>
    const int EmbeddingChunk = 16;

    public void Embedding(Tensor table, Tensor ids, Tensor y) =>
        Launch("embedding", Stored(table, "embedding_forward_f32", "embedding_forward_bf16"), checked((int)ids.Count),
            RowThreads(table.Shape[1]), 0,
            Activations(table), ids.Address, Activations(y), Faults.Address, table.Shape[0], table.Shape[1]);

    public void EmbeddingBackward(Tensor dy, Tensor ids, Tensor dTable)
    {
        int count = checked((int)ids.Count), rows = dTable.Shape[0], width = dTable.Shape[1], chunks = Ceil(count, EmbeddingChunk);
        using var order = Tensor.Empty([2, count], device, DType.Int32);
        using var parts = Tensor.Empty([chunks, 2, width], device);
        Launch("embedding", "embedding_order_f32", Spread(count, Block / Warp), Block, 0, ids.Address, order.Address, count);
        // Blocks across a row, a pack of 16 bytes for each thread.
        int threads = Math.Min(RowThreads(width), Block), packs = Ceil(width, threads * PackSize(dy));
        Launch("embedding", Stored(dy, "embedding_backward_f32", "embedding_backward_bf16"), (chunks, packs, 1), threads, 0,
            Activations(dy), order.Address, Activations(dTable), F32(parts), count, rows, width);
        Launch("embedding", Stored(dTable, "embedding_join_f32", "embedding_join_bf16"), (chunks, packs, 1), threads, 0,
            order.Address, F32(parts), Activations(dTable), count, rows, width);
    }
}
