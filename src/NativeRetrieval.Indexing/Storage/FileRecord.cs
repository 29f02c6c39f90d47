namespace NativeRetrieval.Indexing.Storage;

/// <summary>A file in the catalogue. Its windows are consecutive rows of one segment.</summary>
internal sealed record FileRecord(IndexedFile File, long FirstRow, WindowRecord[] Windows)
{
    public bool Holds(long row) => row >= FirstRow && row < FirstRow + Windows.Length;

    public long Checksum => new RecordChecksum()
        .Add(File.Path).Add(File.FullPath).Add(File.ContentHash).Add(File.SizeBytes).Add(File.ModifiedUtc.Ticks)
        .Add(FirstRow).Add(WindowRecord.Encode(Windows)).Value;
}
