namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>A row's id: the segment's in the upper 32 bits, the position in the segment in the lower.</summary>
internal static class RowId
{
    public static long Of(int segment, int row) => (long)segment << 32 | (uint)row;

    public static int Segment(long id) => (int)(id >> 32);

    public static int Row(long id) => unchecked((int)id);
}
