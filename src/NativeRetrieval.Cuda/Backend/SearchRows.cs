using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    /// <summary>Tile sizes of kernels/search_rows.cu.</summary>
    const int QueriesPerGroup = 8, RowsPerBlock = 32;

    /// <summary>
    /// Up to here the kernel that reads the rows once per group wins: over float32 rows the product of matrices reads them once and
    /// computes as fast, over bfloat16 rows it needs them widened first.
    /// </summary>
    const int FewFloat32Queries = QueriesPerGroup, FewBFloat16Queries = 4 * QueriesPerGroup;

    /// <remarks>A part of the rows at a time: their scores with all queries, and the k best of these with the best so far.</remarks>
    public void SearchRows(Tensor rows, Tensor queries, Tensor? excluded, Tensor scores, Tensor found)
    {
        if (scores.Count == 0) return;
        int count = rows.Shape[0], width = rows.Shape[1], queryCount = queries.Shape[0];
        bool few = queryCount <= (rows.DType == DType.Float32 ? FewFloat32Queries : FewBFloat16Queries);
        bool widens = !few && rows.DType == DType.BFloat16;
        long fitting = device.Options.ScoreBytes / sizeof(float) / Math.Max(queryCount, widens ? width : 1);
        int part = (int)Math.Clamp(fitting, 1, Math.Max(1, count));
        using var products = Tensor.Empty([queryCount, part], device);
        using var widened = widens ? Tensor.Empty([part, width], device) : null;
        using var selection = new TopKSelection(this, queryCount, scores.Shape[1]);
        for (long first = 0; first == 0 || first < count; first += part)
        {
            int here = (int)Math.Min(part, count - first);
            nint source = rows.Address + (nint)first * width * rows.DType.SizeBytes();
            if (few) ScoreFew(source, rows.DType, here, queries, products);
            else if (here > 0)
            {
                if (widened is not null)
                {
                    LaunchOver((long)here * width, "search_rows", "search_rows_widen_bf16", source, widened.Address, (long)here * width);
                    source = widened.Address;
                }
                Products.Multiply(queryCount, here, width, F32(queries), false, source, true, F32(products), exact: true);
            }
            selection.Add(F32(products), here, here, (int)first, excluded);
        }
        selection.Rank(0, 0, scores, found);
    }

    /// <summary>Scores [Q, <paramref name="count"/>] of few queries.</summary>
    void ScoreFew(nint rows, DType element, int count, Tensor queries, Tensor scores)
    {
        int queryCount = queries.Shape[0], groups = queryCount == 1 ? 1 : Ceil(queryCount, QueriesPerGroup);
        string entryPoint = (queryCount == 1, element == DType.Float32) switch
        {
            (true, true) => "search_rows_one_f32",
            (true, false) => "search_rows_one_bf16",
            (false, true) => "search_rows_several_f32",
            _ => "search_rows_several_bf16",
        };
        Launch("search_rows", entryPoint, groups * Spread(count, RowsPerBlock), Block, 0,
            rows, F32(queries), F32(scores), count, queries.Shape[1], queryCount, groups);
    }
}
