using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Copies of float32 weights in bfloat16, the operands of tensor cores: one for each weight, in the weight's layout, made at its first
/// use. A copy follows its weight: it is renewed with every change in place, by Adam in the pass that changes the weight, and freed with
/// it. Captured work reads the copy that its rehearsal made. Safe for several threads, which queue on one stream.
/// </summary>
/// <param name="narrow">Queues the conversion of a float32 tensor to a bfloat16 one.</param>
internal sealed class WeightCopies(CudaDevice device, Action<Tensor, Tensor> narrow)
{
    readonly Lock _lock = new();

    /// <summary>The address of the copy, up to date behind what is queued.</summary>
    public nint Of(Tensor weight)
    {
        lock (_lock)
        {
            if (weight.Derived is Copy known) return known.Address;
            // It lives as long as the weight, not as the scope it is made in.
            var copy = new Copy(TensorScope.Detach(Tensor.Empty(weight.Shape, device, DType.BFloat16, weight.Layout)), narrow);
            copy.Renew(weight);
            weight.Derived = copy;
            return copy.Address;
        }
    }

    /// <summary>The address of a copy that the next change of its weight writes along; 0 where there is none.</summary>
    public nint ForUpdate(Tensor weight)
    {
        lock (_lock)
        {
            if (weight.Derived is not Copy known) return 0;
            known.IsWrittenAlong = true;
            return known.Address;
        }
    }

    sealed class Copy(Tensor values, Action<Tensor, Tensor> narrow) : DerivedValues
    {
        public nint Address => values.Address;

        public bool IsWrittenAlong { get; set; }

        public override void Renew(Tensor source)
        {
            if (!IsWrittenAlong) narrow(source, values);
            IsWrittenAlong = false;
        }

        public override void Dispose() => values.Dispose();
    }
}
