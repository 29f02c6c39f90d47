using NativeRetrieval.Core.Errors;
using NativeRetrieval.Training.Data;
using NativeRetrieval.Training.Settings;

namespace NativeRetrieval.Training.Loop;

/// <summary>Conditions under which several ranks can share the batches of a run.</summary>
internal static class RankedBatches
{
    /// <exception cref="OptionException">A rank would have nothing of a batch, or batch norms cannot share what they are to.</exception>
    public static void Require(Ranks ranks, EpochSampler sampler, OptimizationSettings options)
    {
        if (ranks.Count == 1) return;
        int last = sampler.PairsPerEpoch - (sampler.BatchesPerEpoch - 1) * options.BatchSize;
        int smallest = Math.Min(last, Math.Min(sampler.PairsPerEpoch, options.BatchSize));
        int largest = Math.Max(last, Math.Min(sampler.PairsPerEpoch, options.BatchSize));
        int chunks = BatchLoss.Chunks(largest, options).Count;
        if (chunks == 1 && smallest < ranks.Count)
            throw new OptionException(smallest == last && last < options.BatchSize && sampler.BatchesPerEpoch > 1
                ? $"the last batch of an epoch has {last} pairs, fewer than the {ranks.Count} ranks that share it; set "
                    + "training.drop_last_batch=true, or another training.batch_size"
                : $"a batch has {smallest} pairs, fewer than the {ranks.Count} ranks that share it; start fewer ranks, or set a larger "
                    + "training.batch_size");
        if (chunks > 1 && chunks < ranks.Count)
            throw new OptionException($"training.chunk_size = {options.ChunkSize} makes {chunks} chunks of a batch of {largest}, and "
                + $"{ranks.Count} ranks share them; set it to {Math.Max(1, largest / ranks.Count)} or less, to 0 for parts of equal size, "
                + "or start fewer ranks");
        if (chunks > 1 && options.SynchronizedBatchNorm && !options.FreezeBatchNorm)
            throw new OptionException($"training.synchronized_batch_norm = true and training.chunk_size = {options.ChunkSize}: batch norms "
                + "use the statistics of a chunk, which no other rank has a part of; leave out one of them");
    }
}
