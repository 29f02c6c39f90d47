namespace NativeRetrieval.Cuda.Runtime;

/// <summary>A point in a stream.</summary>
internal interface IStreamMark : IDisposable
{
    /// <summary>True once the device has done everything before it. Asks, does not wait.</summary>
    bool HasPassed { get; }
}
