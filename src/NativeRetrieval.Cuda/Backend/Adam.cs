using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Cuda.Backend;

/// <remarks>
/// All tensors in one launch: a table of their addresses goes along. Blocks of a tensor stride, so that large ones take longer, not more
/// launches.
/// </remarks>
internal sealed partial class CudaBackend
{
    const int BlocksPerTensor = 64;

    public void Adam(ReadOnlySpan<AdamSlot> slots, AdamStep step, Tensor rates, Tensor? gradientScale)
    {
        using var table = Table(slots, slot => new(F32(slot.Parameter), F32(slot.Gradient), F32(slot.FirstMoment), F32(slot.SecondMoment),
            Copies.ForUpdate(slot.Parameter), slot.Parameter.StoredCount));
        Launch("adam", "adam_step_f32", (BlocksPerTensor, slots.Length, 1), Block, 0,
            table.Address, rates.Address, gradientScale?.Address ?? 0, (float)step.Beta1, (float)(1 - step.Beta1), (float)step.Beta2,
            (float)(1 - step.Beta2), (float)step.Epsilon, (float)(step.Decoupled ? 0 : step.WeightDecay));
    }

    /// <summary>A table of many tensors' addresses on the device, uploaded once for each set of addresses.</summary>
    Tensor Table<T>(ReadOnlySpan<T> items, Func<T, Slot> slot, [CallerMemberName] string op = "")
    {
        if (items.Length > GridLimit) throw new ShapeException($"{op}: at most {GridLimit} tensors are taken at once, got {items.Length}");
        var slots = new Slot[items.Length];
        for (int i = 0; i < slots.Length; i++) slots[i] = slot(items[i]);
        var bytes = MemoryMarshal.AsBytes(slots.AsSpan());
        return Tensor.Constant<byte>(bytes, [bytes.Length], device);
    }

    /// <summary>A row of the table, laid out as kernels/common/adam_slot.cuh has it.</summary>
    readonly record struct Slot(nint Parameter, nint Gradient, nint FirstMoment, nint SecondMoment, nint Copy, long Count);
}
