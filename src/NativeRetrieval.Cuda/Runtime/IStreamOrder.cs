namespace NativeRetrieval.Cuda.Runtime;

/// <summary>A queue of device work, seen by the reuse of memory.</summary>
internal interface IStreamOrder
{
    /// <summary>Marks the end of what is queued now.</summary>
    IStreamMark Mark();
}

/// <summary>A point in a stream.</summary>
internal interface IStreamMark : IDisposable
{
    /// <summary>True once the device has done everything before it. Asks, does not wait.</summary>
    bool HasPassed { get; }
}
