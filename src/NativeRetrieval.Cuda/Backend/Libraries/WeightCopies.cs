using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Copies of float32 weights in bfloat16, the operands of tensor cores: one for each weight, in the weight's layout, made at its first use
/// and freed with it. A copy is renewed in place when the weight has changed since, or by an optimizer that writes both in one pass. Safe
/// for several threads, which queue on one stream.
/// </summary>
/// <param name="device">The device of the weights.</param>
/// <param name="narrow">Queues the conversion of a float32 tensor to a bfloat16 one.</param>
internal sealed class WeightCopies(CudaDevice device, Action<Tensor, Tensor> narrow)
{
    readonly Lock _lock = new();

    /// <summary>The copy, up to date behind what is queued.</summary>
    public Tensor Of(Tensor weight)
    {
        lock (_lock)
        {
            if (weight.Derived is { } known && known.Version == weight.Version) return known.Tensor;
            // It lives as long as the weight, not as the scope it is made in.
            var copy = weight.Derived?.Tensor
                ?? TensorScope.Detach(Tensor.Empty(weight.Shape, device, DType.BFloat16, weight.Layout));
            narrow(weight, copy);
            weight.Derived = (copy, weight.Version);
            return copy;
        }
    }

    /// <summary>
    /// The copy that an optimizer writes along with a weight whose next version it makes; null where there is none.
    /// </summary>
    public Tensor? ForUpdate(Tensor weight)
    {
        lock (_lock)
        {
            if (weight.Derived is not { } known) return null;
            weight.Derived = (known.Tensor, weight.Version + 1);
            return known.Tensor;
        }
    }
}
