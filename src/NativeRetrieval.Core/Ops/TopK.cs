using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Ops;

public static partial class Op
{
    /// <summary>The k greatest values of each row, greatest first; equal ones by index, lower first; NaN behind every number.</summary>
    /// <param name="scores">[Q, N], float32, contiguous.</param>
    /// <param name="k">0 … N.</param>
    /// <returns>Values [Q, k], float32, and their places in the row [Q, k], int32. Neither has a gradient.</returns>
    public static (Tensor Values, Tensor Indices) TopK(Tensor scores, int k)
    {
        Shape.ExpectRank(scores, 2, "[Q, N]");
        Expect.Contiguous(scores);
        if (scores.DType != DType.Float32) throw new ShapeException($"TopK: scores must be float32, got {scores.Describe()}");
        if (k < 0 || k > scores.Shape[1]) throw new ShapeException($"TopK: k is {k}, a row of scores has {scores.Shape[1]} values");
        var values = Tensor.Empty([scores.Shape[0], k], scores.Device);
        var indices = Tensor.Empty([scores.Shape[0], k], scores.Device, DType.Int32);
        scores.Backend.TopK(scores, values, indices);
        return (values, indices);
    }
}

internal partial interface IBackend
{
    void TopK(Tensor scores, Tensor values, Tensor indices);
}
