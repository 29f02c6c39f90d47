using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

internal sealed partial class CudaBackend
{
    public void ClipScale(ReadOnlySpan<Tensor> gradients, double limit, double epsilon, Tensor result)
    {
        using var table = Table(gradients, static gradient => new(0, F32(gradient), 0, 0, 0, gradient.StoredCount));
        using var partials = Tensor.Empty([BlocksPerTensor * gradients.Length], device, DType.Float64);
        Launch("clip_scale", "clip_scale_partial_f32", (BlocksPerTensor, gradients.Length, 1), Block, 0, table.Address, partials.Address);
        Launch("clip_scale", "clip_scale_total_f32", 1, Block, 0, partials.Address, partials.Count, limit, epsilon, result.Address);
    }
}
