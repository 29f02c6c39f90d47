using System.Runtime.CompilerServices;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Cpu.Gemm;

/// <summary>
/// Keeps a packed copy of each weight [out, in] that inference uses again and again. A weight is packed when its memory comes the second
/// time unchanged: a tensor of passing life never is. The copy goes when the memory is collected, or changes and comes again.
/// </summary>
internal sealed class PackedWeightsCache
{
    readonly ConditionalWeakTable<Storage, Entry> _entries = [];

    /// <summary>The packed copy of <paramref name="weight"/>'s transpose, or null on its first use. Safe for concurrent callers.</summary>
    public unsafe PackedWeights? Find(Tensor weight)
    {
        if (!_entries.TryGetValue(weight.Memory, out var entry) || !entry.IsOf(weight))
        {
            weight.Memory.MarkAsKey();
            _entries.AddOrUpdate(weight.Memory, new(weight.Version, weight.Address, weight.Shape, null));
            return null;
        }
        if (entry.Packed is not null) return entry.Packed;
        var packed = new PackedWeights(weight.Shape[1], weight.Shape[0],
            new MatrixView<float>(weight.Pointer<float>(), weight.Shape[1]).Transposed);
        _entries.AddOrUpdate(weight.Memory, entry with { Packed = packed });
        return packed;
    }

    public void Forget(Tensor weight) => _entries.Remove(weight.Memory);

    sealed record Entry(int Version, nint Address, Shape Shape, PackedWeights? Packed)
    {
        public bool IsOf(Tensor weight) => Version == weight.Version && Address == weight.Address && Shape == weight.Shape;
    }
}
