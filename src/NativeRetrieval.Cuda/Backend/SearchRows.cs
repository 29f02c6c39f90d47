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

    /// <summary>
    /// Rows that are scored again for k wanted ones, by the greatest of their bounds: unit vectors of a thousand numbers have three to ten
    /// for each, and a few more cost nothing.
    /// </summary>
    const int ScoredAgain = 128, ScoredAgainForEach = 8;

    /// <summary>Rows, in units of those that are scored again, from which on bounds are worth it.</summary>
    const int RowsForEachScoredAgain = 4;

    public void SearchRows(Tensor rows, Tensor queries, Tensor? excluded, Tensor? rounded, Tensor scores, Tensor found)
    {
        if (scores.Count == 0) return;
        if (rounded is not null && TryByBounds(rows, rounded, queries, excluded, scores, found)) return;
        ScoreAll(rows, queries, excluded, scores, found);
    }

    /// <summary>
    /// The same result from half the bytes: bounds of all scores from the rounded rows, then the scores of the rows with the greatest
    /// bounds. False where it does not pay, or where a row that was not scored may be among the best: nothing is known.
    /// </summary>
    bool TryByBounds(Tensor rows, Tensor rounded, Tensor queries, Tensor? excluded, Tensor scores, Tensor found)
    {
        int count = rows.Shape[0], width = rows.Shape[1], queryCount = queries.Shape[0], k = scores.Shape[1];
        long kept = ScoredAgain + ScoredAgainForEach * (long)k;
        if (queryCount > FewFloat32Queries || kept * RowsForEachScoredAgain > count) return false;
        int part = (int)Math.Clamp(device.Options.ScoreBytes / sizeof(float) / queryCount, 1, count);
        using var margins = Tensor.Empty([queryCount], device);
        using var bounds = Tensor.Empty([queryCount, part], device);
        using var candidates = new TopKSelection(this, queryCount, (int)kept);
        using var best = new TopKSelection(this, queryCount, k);
        using var unproven = Tensor.Empty([queryCount], device, DType.Int32);
        Launch("search_rows", "search_rows_margins_f32", Ceil(queryCount, Block / Warp), Block, 0,
            F32(queries), F32(margins), width, queryCount);
        for (long first = 0; first < count; first += part)
        {
            int here = (int)Math.Min(part, count - first);
            Launch("search_rows", queryCount == 1 ? "search_rows_bound_one_bf16" : "search_rows_bound_several_bf16",
                Spread(here, RowsPerBlock), Block, 0,
                rounded.Address + (nint)first * width * sizeof(ushort), F32(queries), F32(margins), F32(bounds), here, width, queryCount,
                1);
            candidates.Add(F32(bounds), here, here, (int)first, excluded);
        }
        using var exact = Tensor.Empty([queryCount, (int)kept], device, DType.Int64);
        Launch("search_rows", "search_rows_again_f32", Ceil(queryCount * kept, Block / Warp), Block, 0,
            F32(rows), F32(queries), candidates.Keys, exact.Address, width, queryCount, (int)kept);
        best.Rank(exact, scores, found);
        Launch("search_rows", "search_rows_proof_f32", queryCount, Block, 0,
            candidates.Keys, F32(scores), unproven.Address, (int)kept, k);
        return Array.TrueForAll(unproven.ToArray<int>(), missing => missing == 0);
    }

    /// <remarks>A part of the rows at a time: their scores with all queries, and the k best of these with the best so far.</remarks>
    void ScoreAll(Tensor rows, Tensor queries, Tensor? excluded, Tensor scores, Tensor found)
    {
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
