namespace NativeRetrieval.Cuda.Runtime;

/// <summary>The source of the allocator's memory: the driver, or a test.</summary>
internal interface IMemorySource
{
    /// <summary>Takes a block from the device; false where none of this size is left.</summary>
    bool TryAllocate(long sizeBytes, out nint address);

    void Free(nint address);

    /// <summary>Waits until the device uses no memory any more.</summary>
    void Synchronize();

    /// <summary>The memory that the device has left, and all it has, for all processes together.</summary>
    (long FreeBytes, long TotalBytes) Available { get; }
}
