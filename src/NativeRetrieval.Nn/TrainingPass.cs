using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Rng;

namespace NativeRetrieval.Nn;

/// <summary>
/// One forward pass in training: layers drop out, batch norm uses and updates batch statistics. Layers take <c>null</c> for evaluation,
/// so a mode cannot be left switched on. Each use of randomness gets a Philox stream of its own, numbered in the order of the calls:
/// the same seed, step and model give the same numbers on any device and after a resume.
/// </summary>
/// <param name="seed">The run's seed.</param>
/// <param name="step">Number of the pass: of the optimisation step, or of its part where a step takes several.</param>
/// <param name="statistics">The statistics that batch norms normalise by.</param>
public sealed class TrainingPass(ulong seed, long step, BatchStatistics statistics = BatchStatistics.OfBatch)
{
    const int StreamsPerStepLog2 = 16;

    int _used;

    /// <summary>The statistics that batch norms of trained parts normalise by.</summary>
    public BatchStatistics Statistics => statistics;

    /// <summary>The part of a batch that this pass embeds. Default: all of it.</summary>
    public BatchPart Part { get; init; } = BatchPart.Whole;

    /// <summary>Place of the pass's first item in a batch that several ranks embed at once, each a part of it. Default: 0.</summary>
    public long FirstItem { get; init; }

    /// <summary>Tokens of the captions before that of <see cref="FirstItem"/>. Default: 0.</summary>
    public long FirstToken { get; init; }

    /// <summary>
    /// Ranks whose batch norms normalise by the statistics of all their items; null: each pass by those of its own items.
    /// </summary>
    public IProcessGroup? Synchronized { get; init; }

    /// <summary>
    /// A stream that no other use of randomness in this pass has; at most 65,536 for each pass. It begins with the numbers of
    /// <see cref="FirstItem"/>: ranks draw together what one rank draws for the whole batch.
    /// </summary>
    /// <param name="perItem">The numbers that an item takes.</param>
    public Philox NextStream(long perItem) => Next() with { First = (ulong)checked(FirstItem * perItem) };

    /// <summary>The same for tokens of packed captions: it begins with the numbers of <see cref="FirstToken"/>.</summary>
    /// <param name="perToken">The numbers that a token takes.</param>
    public Philox NextTokenStream(long perToken) =>
        Next() with { First = (ulong)checked(FirstToken * perToken), PerToken = (ulong)perToken };

    Philox Next() => new(seed, (ulong)FirstStream + (ulong)checked((ushort)_used++));

    /// <summary>The number of the pass's first stream; the others follow it.</summary>
    public long FirstStream => step << StreamsPerStepLog2;
}

/// <summary>The statistics that batch norms of trained parts normalise by in a training pass.</summary>
public enum BatchStatistics
{
    /// <summary>The batch's own statistics; the running ones move towards them.</summary>
    OfBatch,

    /// <summary>The batch's own statistics; the running ones stay: a pass that repeats one which has moved them.</summary>
    OfBatchAgain,

    /// <summary>The running statistics, which stay; scale and shift are trained all the same.</summary>
    Running,
}

/// <summary>
/// A part of a batch whose parts are embedded one after the other. Batch norms move their running statistics by it so that all parts
/// together move them once, with the momentum of one batch, towards the mean of the parts' statistics.
/// </summary>
/// <param name="Share">Share of the batch's items; above 0 to 1.</param>
/// <param name="Later">Share of the items in the parts that follow; 0 to below 1.</param>
public readonly record struct BatchPart(double Share, double Later)
{
    /// <summary>A batch in one part.</summary>
    public static BatchPart Whole => new(Share: 1, Later: 0);

    /// <summary>
    /// The part's momentum m·share / (1 − m·later): the parts that follow leave m·share of it in the new running statistics.
    /// </summary>
    /// <param name="momentum">Momentum m of the whole batch.</param>
    public double Momentum(double momentum) => momentum * Share / (1 - momentum * Later);
}
