using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Search;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu;

internal sealed partial class CpuBackend
{
    public unsafe void SearchRows(Tensor rows, Tensor queries, Tensor? excluded, Tensor? rounded, Tensor scores, Tensor found)
    {
        int count = rows.Shape[0], dimension = rows.Shape[1], queryCount = queries.Shape[0], k = scores.Shape[1];
        if (queryCount == 0 || k == 0) return;
        using var padded = Padded(rows, dimension);
        ulong[] words = excluded is null ? [] : Array.ConvertAll(excluded.ToArray<long>(), word => (ulong)word);
        RowBlock[] blocks = [new((padded ?? rows).Address, count, FirstId: 0, words)];
        // A heap is as large as it may become: no larger than the rows.
        var best = RowSearch.TopK(blocks, rows.DType, dimension,
            new ReadOnlySpan<float>(queries.Pointer<float>(), checked(queryCount * dimension)), Math.Min(k, count));
        long[] ids = new long[k];
        for (int query = 0; query < queryCount; query++)
        {
            int here = best[query].Count;
            var values = new Span<float>(scores.Pointer<float>() + (long)query * k, k);
            var places = new Span<int>(found.Pointer<int>() + (long)query * k, k);
            best[query].Drain(values, ids);
            for (int i = 0; i < here; i++) places[i] = (int)ids[i];
            values[here..].Fill(float.NegativeInfinity);
            places[here..].Fill(-1);
        }
    }

    /// <summary>A copy whose rows are zero-padded to what <see cref="RowSearch"/> reads; null where they are so already.</summary>
    static Tensor? Padded(Tensor rows, int dimension)
    {
        int stride = RowSearch.StrideBytes(dimension, rows.DType), used = dimension * rows.DType.SizeBytes(), count = rows.Shape[0];
        if (stride == used) return null;
        var padded = Tensor.Zeros([count, stride / rows.DType.SizeBytes()], rows.Device, rows.DType);
        Workers.Run(count, row => rows.Device.Copy(rows.Address + (nint)row * used, padded.Address + (nint)row * stride, used));
        return padded;
    }
}
