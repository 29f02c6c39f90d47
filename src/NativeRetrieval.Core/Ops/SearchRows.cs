using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>
    /// The k rows with the greatest <c>sᵢⱼ = qᵢ · rⱼ</c> for each query, greatest first; equal ones by row, lower first; NaN behind
    /// every number. Exact: every row is read, sums are float32 for either element type. Scores take bounded memory, whatever N.
    /// </summary>
    /// <param name="rows">r, [N, D], D ≥ 1, float32 or bfloat16, contiguous.</param>
    /// <param name="queries">q, [Q, D], float32, contiguous.</param>
    /// <param name="k">0 or more. Where fewer rows may be found, the rest of the values is −∞ and of the rows −1.</param>
    /// <param name="excluded">
    /// int64 [W] or null: bit j % 64 of word j / 64 is set where row j must not be found. Missing words exclude nothing.
    /// </param>
    /// <param name="rounded">
    /// Float32 rows rounded to bfloat16 (<see cref="Cast"/>), of the same shape, or null. A device that takes it reads it instead of the
    /// rows, half the bytes, and the rows themselves only where they may be among the k; the result is the same.
    /// </param>
    /// <returns>Scores [Q, k], float32, and rows [Q, k], int32. Neither has a gradient.</returns>
    public static (Tensor Scores, Tensor Rows) SearchRows(Tensor rows, Tensor queries, int k, Tensor? excluded = null,
        Tensor? rounded = null)
    {
        Shape.ExpectRank(rows, 2, "[N, D]");
        Shape.ExpectRank(queries, 2, "[Q, D]");
        Expect.Contiguous(rows);
        Expect.Contiguous(queries);
        if (rows.DType is not (DType.Float32 or DType.BFloat16))
            throw new ShapeException($"SearchRows: rows must be float32 or bfloat16, got {rows.Describe()}");
        int dimension = rows.Shape[1];
        if (dimension == 0) throw new ShapeException($"SearchRows: rows must have at least one column, got {rows.Shape}");
        if (queries.DType != DType.Float32 || queries.Device != rows.Device || queries.Shape[1] != dimension)
            throw new ShapeException($"SearchRows: queries must be float32 [Q, {dimension}] on {rows.Device}, got {queries.Describe()}");
        if (k < 0) throw new ShapeException($"SearchRows: k is {k}");
        if (rounded is not null && (rounded.DType != DType.BFloat16 || rows.DType != DType.Float32 || rounded.Shape != rows.Shape
            || rounded.Device != rows.Device))
            throw new ShapeException(
                $"SearchRows: rounded must be bfloat16 beside float32 rows {rows.Shape} on {rows.Device}, got {rounded.Describe()}");
        if (rounded is not null) Expect.Contiguous(rounded);
        if (excluded is not null && (excluded.DType != DType.Int64 || excluded.Shape.Length != 1 || excluded.Device != rows.Device))
            throw new ShapeException($"SearchRows: excluded must be int64 [W] on {rows.Device}, got {excluded.Describe()}");

        var scores = Tensor.Empty([queries.Shape[0], k], rows.Device);
        var found = Tensor.Empty([queries.Shape[0], k], rows.Device, DType.Int32);
        rows.Backend.SearchRows(rows, queries, excluded, rounded, scores, found);
        return (scores, found);
    }
}

internal partial interface IBackend
{
    /// <summary>
    /// k is the width of <paramref name="scores"/> and <paramref name="found"/>; <paramref name="rounded"/> may be ignored.
    /// </summary>
    void SearchRows(Tensor rows, Tensor queries, Tensor? excluded, Tensor? rounded, Tensor scores, Tensor found);
}
