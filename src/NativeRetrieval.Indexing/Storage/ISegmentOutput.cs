namespace NativeRetrieval.Indexing.Storage;

internal interface ISegmentOutput : IDisposable
{
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when everything written has reached the disk.</summary>
    void Flush();
}
