using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Nn.Layers;

/// <summary>A table of vectors, one per id.</summary>
public sealed class Embedding : Module
{
    readonly int? _paddingId;

    /// <summary>
    /// A table with normal starting values; row <paramref name="paddingId"/>, if any, starts at 0 and has no gradient, as PyTorch's
    /// padding_idx.
    /// </summary>
    public Embedding(int count, int width, double deviation, Device device, DType dtype, PhiloxSequence? random, int? paddingId = null)
    {
        Weight = Parameter("weight", Initialization.Normal([count, width], deviation, device, dtype, random));
        if (paddingId is { } row && row >= 0 && row < count)
        {
            _paddingId = row;
            if (random is null) return;
            using var zeros = Tensor.Zeros([1, width], device, dtype);
            using var padding = Weight.Rows(row, 1);
            padding.CopyFrom(zeros);
        }
    }

    /// <summary>The table, [V, D].</summary>
    public Tensor Weight { get; }

    /// <summary>The row of each id.</summary>
    /// <param name="ids">[…], int32.</param>
    /// <returns>[…, D].</returns>
    public Tensor Forward(Tensor ids) => Op.Embedding(Weight, ids, _paddingId);
}
