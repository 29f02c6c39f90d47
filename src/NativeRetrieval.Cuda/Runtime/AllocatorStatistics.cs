namespace NativeRetrieval.Cuda.Runtime;

/// <summary>The memory that an allocator holds, in bytes, and the number of its operations.</summary>
/// <param name="LiveBytes">Bytes in use by tensors, rounded up to size classes.</param>
/// <param name="PeakBytes">The largest <paramref name="LiveBytes"/> so far.</param>
/// <param name="IdleBytes">Bytes kept for the next tensors.</param>
/// <param name="WaitingBytes">Freed bytes that another stream may still read.</param>
/// <param name="Allocations">The number of blocks handed out.</param>
/// <param name="Reuses">The number of them that came from idle memory.</param>
/// <param name="Trims">The number of times that idle memory was given back.</param>
public readonly record struct AllocatorStatistics(long LiveBytes, long PeakBytes, long IdleBytes, long WaitingBytes, long Allocations,
    long Reuses, long Trims)
{
    /// <summary>The bytes taken from the device: live, idle and waiting.</summary>
    public long ReservedBytes => LiveBytes + IdleBytes + WaitingBytes;
}
