using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Blocks of the first pass: their sums are added in order by the second.</summary>
    const int SumBlocks = 256;

    public void Sum(Tensor x, Tensor y) => Total(F32(x), 0, x.StoredCount, F32(y));

    void Total(nint a, nint b, long count, nint y)
    {
        int blocks = Math.Clamp(Ceil(count, Block), 1, SumBlocks);
        using var partials = Tensor.Empty([blocks], device, DType.Float64);
        Launch("sum", "sum_partial_f32", blocks, Block, 0, a, b, partials.Address, count);
        Launch("sum", "sum_total_f32", 1, Block, 0, partials.Address, blocks, y);
    }
}
