using NativeRetrieval.Core.Autograd;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary><c>y[…, :] = table[ids[…], :]</c>. Backward adds in the order of the ids.</summary>
    /// <param name="table">[V, D], float32, float64 or bfloat16, contiguous.</param>
    /// <param name="ids">[…], int32, each in 0 … V − 1.</param>
    /// <param name="paddingId">Row of the table whose gradient is 0 whatever its uses, as PyTorch's padding_idx; null: none.</param>
    /// <returns>[…, D].</returns>
    /// <exception cref="ShapeException">An id is outside the table.</exception>
    public static Tensor Embedding(Tensor table, Tensor ids, int? paddingId = null)
    {
        Expect.Activation(table);
        Expect.Contiguous(table);
        Shape.ExpectRank(table, 2, "[V, D]");
        if (ids.DType != DType.Int32 || ids.Device != table.Device)
            throw new ShapeException($"Embedding: ids must be int32 on {table.Device}, got {ids.Describe()}");
        var y = Tensor.Empty(ids.Shape.Append(table.Shape[1]), table.Device, table.DType);
        table.Backend.Embedding(table, ids, y);
        return Tape.Record(y, [table], [ids], (table.Shape, paddingId), static ctx =>
        {
            var (shape, paddingId) = ctx.State<(Shape, int?)>();
            var dTable = Tensor.Zeros(shape, ctx.OutputGradient.Device, ctx.OutputGradient.DType);
            dTable.Backend.EmbeddingBackward(ctx.OutputGradient, ctx.Saved[0], dTable);
            if (paddingId is { } row)
            {
                using var zeros = Tensor.Zeros([1, shape[1]], dTable.Device, dTable.DType);
                using var padding = dTable.Rows(row, 1);
                padding.CopyFrom(zeros);
            }
            return [dTable];
        });
    }
}

internal partial interface IBackend
{
    void Embedding(Tensor table, Tensor ids, Tensor y);

    /// <summary>dTable[ids[i], :] = Σ dy[i, :]; dTable comes filled with zeros.</summary>
    void EmbeddingBackward(Tensor dy, Tensor ids, Tensor dTable);
}
