using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void TopK(Tensor scores, Tensor values, Tensor indices)
    {
        if (values.Count == 0) return;
        int width = scores.Shape[1];
        using var selection = new TopKSelection(this, scores.Shape[0], values.Shape[1]);
        selection.Add(F32(scores), width, width);
        selection.Rank(F32(scores), width, values, indices);
    }
}
