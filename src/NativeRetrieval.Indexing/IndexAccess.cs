namespace NativeRetrieval.Indexing;

/// <summary>Many processes may read an index at a time, one may write, and readers are not held up by it.</summary>
public enum IndexAccess
{
    Read,
    Write,
}
