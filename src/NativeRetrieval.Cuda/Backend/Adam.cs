using System.Runtime.InteropServices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>All tensors in one launch, a block for each chunk of one: large tensors have many, and no block more than a chunk.</remarks>
internal sealed partial class CudaBackend
{
    const int ChunkElements = 1 << 16;

    public void Adam(ReadOnlySpan<AdamSlot> slots, AdamStep step, Tensor rates, Tensor? gradientScale)
    {
        var rows = new Slot[slots.Length];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = new(F32(slots[i].Parameter), F32(slots[i].Gradient), F32(slots[i].FirstMoment), F32(slots[i].SecondMoment),
                Copies.ForUpdate(slots[i].Parameter), slots[i].Parameter.StoredCount);
        using var tensors = new ChunkedTensors(rows, device);
        if (tensors.Chunks == 0) return;
        Launch("adam", "adam_step_f32", tensors.Chunks, Block, 0,
            tensors.Slots, tensors.Places, rates.Address, gradientScale?.Address ?? 0, (float)step.Beta1, (float)(1 - step.Beta1),
            (float)step.Beta2, (float)(1 - step.Beta2), (float)step.Epsilon, (float)(step.Decoupled ? 0 : step.WeightDecay));
    }

    /// <summary>A row of the table of tensors, laid out as kernels/common/adam_slot.cuh has it.</summary>
    readonly record struct Slot(nint Parameter, nint Gradient, nint FirstMoment, nint SecondMoment, nint Copy, long Count);

    /// <summary>
    /// Two tables on the device: the addresses of many tensors, and the chunks that the tensors are cut into. The first is uploaded once
    /// for each set of addresses, the second once for each list of sizes.
    /// </summary>
    sealed class ChunkedTensors : IDisposable
    {
        readonly Tensor _slots, _places;

        public ChunkedTensors(Slot[] slots, CudaDevice device)
        {
            var bytes = MemoryMarshal.AsBytes(slots.AsSpan());
            var places = new List<int>();
            for (int slot = 0; slot < slots.Length; slot++)
                for (int part = 0; part < Ceil(slots[slot].Count, ChunkElements); part++) places.AddRange([slot, part]);
            Chunks = places.Count / 2;
            _slots = Tensor.Constant<byte>(bytes, [bytes.Length], device);
            _places = Tensor.Constant<int>(CollectionsMarshal.AsSpan(places), [places.Count], device);
        }

        /// <summary>Chunks of all tensors together: blocks of a launch, each of which takes one.</summary>
        public int Chunks { get; }

        public nint Slots => _slots.Address;

        /// <summary>A slot and the part of it for each chunk.</summary>
        public nint Places => _places.Address;

        public void Dispose()
        {
            _slots.Dispose();
            _places.Dispose();
        }
    }
}
