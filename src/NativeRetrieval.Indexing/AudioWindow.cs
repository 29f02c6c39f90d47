namespace NativeRetrieval.Indexing;

/// <summary>A stretch of a file and its embedding.</summary>
/// <param name="StartSeconds">Start within the file in seconds, 0 or more.</param>
/// <param name="EndSeconds">End within the file in seconds, more than the start.</param>
/// <param name="Vector">Embedding [dimension], float32. It is scaled to length 1 when it enters the index; NaN, infinities and zero vectors
/// are refused.</param>
public sealed record AudioWindow(double StartSeconds, double EndSeconds, ReadOnlyMemory<float> Vector)
{
    /// <summary>True where the vector comes from an index, which has scaled it: it is taken as it is, to the last bit.</summary>
    internal bool IsScaled { get; init; }
}
