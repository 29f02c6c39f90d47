using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend.Libraries;

/// <summary>
/// Copies of float32 weights in bfloat16, the operands of tensor cores: one for each block of weights, in their order, made at its first
/// use. A copy follows its weights: it is renewed with every change in place, by Adam in the pass that changes a weight, and freed with
/// them. Captured work reads the copy that its rehearsal made. Safe for several threads, which queue on one stream.
/// </summary>
/// <param name="narrow">Queues the conversion of a float32 tensor to bfloat16 values at an address.</param>
internal sealed class WeightCopies(CudaDevice device, Action<Tensor, nint> narrow)
{
    readonly Lock _lock = new();

    /// <summary>The address of a weight's copy, up to date behind what is queued.</summary>
    public nint Of(Tensor weight)
    {
        lock (_lock)
        {
            if (weight.Memory.Derived is not Copy copy)
            {
                int count = checked((int)(weight.Memory.SizeBytes / sizeof(float)));
                // It lives as long as the weights, not as the scope it is made in.
                copy = new Copy(TensorScope.Detach(Tensor.Empty([count], device, DType.BFloat16)), narrow);
                using var whole = Tensor.Over(weight.Memory.Address, [count], device, DType.Float32);
                narrow(whole, copy.AddressOf(weight.Memory.Address, weight.Memory));
                weight.Memory.Derived = copy;
            }
            return copy.AddressOf(weight.Address, weight.Memory);
        }
    }

    /// <summary>The address of a copy that the next change of its weight writes along; 0 where there is none.</summary>
    public nint ForUpdate(Tensor weight)
    {
        lock (_lock)
        {
            if (weight.Memory.Derived is not Copy known) return 0;
            known.WrittenAlong++;
            return known.AddressOf(weight.Address, weight.Memory);
        }
    }

    sealed class Copy(Tensor values, Action<Tensor, nint> narrow) : DerivedValues
    {
        /// <summary>Changes to come that are written to the copy by whoever makes them.</summary>
        public int WrittenAlong { get; set; }

        /// <summary>The place of a weight's copy, as far behind the copy's first value as the weight lies in its block.</summary>
        public nint AddressOf(nint weight, Storage memory) => values.Address + (weight - memory.Address) / 2;

        public override void Renew(Tensor changed)
        {
            if (WrittenAlong > 0) WrittenAlong--;
            else narrow(changed, AddressOf(changed.Address, changed.Memory));
        }

        public override void Dispose() => values.Dispose();
    }
}
