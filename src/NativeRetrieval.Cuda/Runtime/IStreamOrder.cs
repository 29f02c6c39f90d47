namespace NativeRetrieval.Cuda.Runtime;

/// <summary>A queue of device work, as far as memory reuse needs to know it.</summary>
internal interface IStreamOrder
{
    /// <summary>Marks the end of what is queued now.</summary>
    IStreamMark Mark();
}
