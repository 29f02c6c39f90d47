namespace NativeRetrieval.Nn;

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
