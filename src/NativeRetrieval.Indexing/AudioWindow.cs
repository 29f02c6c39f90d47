namespace NativeRetrieval.Indexing;

/// <summary>A stretch of a file and its embedding.</summary>
/// <param name="StartSeconds">0 or more.</param>
/// <param name="EndSeconds">More than the start.</param>
/// <param name="Vector">[dimension]. Scaled to length 1 when it enters the index; NaN, infinities and zero vectors are refused.</param>
public sealed record AudioWindow(double StartSeconds, double EndSeconds, ReadOnlyMemory<float> Vector);
