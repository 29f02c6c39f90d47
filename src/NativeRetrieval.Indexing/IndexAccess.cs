namespace NativeRetrieval.Indexing;

/// <summary>
/// Purpose for which an index is opened. Many processes may read at a time and one may write; it does not hold up the readers.
/// </summary>
public enum IndexAccess
{
    /// <summary>Search and look up; changes are refused.</summary>
    Read,

    /// <summary>Search, look up and change. Only one process at a time has this access.</summary>
    Write,
}
