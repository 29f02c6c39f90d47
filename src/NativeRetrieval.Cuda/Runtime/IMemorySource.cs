namespace NativeRetrieval.Cuda.Runtime;

/// <summary>Where the allocator gets memory from: the driver, or a test.</summary>
internal interface IMemorySource
{
    /// <summary>False where the device has no such block left.</summary>
    bool TryAllocate(long sizeBytes, out nint address);

    void Free(nint address);

    /// <summary>Waits until the device uses no memory any more.</summary>
    void Synchronize();

    /// <summary>What the device has left and has at all, for all processes together.</summary>
    (long FreeBytes, long TotalBytes) Available { get; }
}
