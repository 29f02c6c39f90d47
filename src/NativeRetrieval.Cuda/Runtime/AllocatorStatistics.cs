namespace NativeRetrieval.Cuda.Runtime;

/// <summary>What an allocator holds and did.</summary>
/// <param name="LiveBytes">In use by tensors, rounded up to size classes.</param>
/// <param name="PeakBytes">The most that was ever live.</param>
/// <param name="IdleBytes">Kept for the next tensors.</param>
/// <param name="WaitingBytes">Freed, but perhaps still read by another stream.</param>
/// <param name="Allocations">Blocks handed out.</param>
/// <param name="Reuses">Of these, without asking the driver.</param>
/// <param name="Trims">How often idle memory was given back.</param>
public readonly record struct AllocatorStatistics(long LiveBytes, long PeakBytes, long IdleBytes, long WaitingBytes, long Allocations, long Reuses, long Trims)
{
    /// <summary>Everything taken from the device.</summary>
    public long ReservedBytes => LiveBytes + IdleBytes + WaitingBytes;
}
