using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void ClipScale(ReadOnlySpan<Tensor> gradients, double limit, double epsilon, Tensor result)
    {
        var rows = new Slot[gradients.Length];
        for (int i = 0; i < rows.Length; i++) rows[i] = new(0, F32(gradients[i]), 0, 0, 0, gradients[i].StoredCount);
        using var tensors = new ChunkedTensors(rows, device);
        using var partials = Tensor.Empty([tensors.Chunks], device, DType.Float64);
        if (tensors.Chunks > 0)
            Launch("clip_scale", "clip_scale_partial_f32", tensors.Chunks, Block, 0, tensors.Slots, tensors.Places, partials.Address);
        Launch("clip_scale", "clip_scale_total_f32", 1, Block, 0, partials.Address, partials.Count, limit, epsilon, result.Address);
    }
}
