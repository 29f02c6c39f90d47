namespace NativeRetrieval.Indexing;

/// <summary>
/// Purpose for which an index is opened. Many processes may read at a time and one may write; it does not hold up the readers.
/// </summary>
public enum IndexAccess
{
    /// <summary>
    /// Searching, listing and verifying. No write access is needed: a folder on a read-only disk or of another user serves. Only an
    /// index whose writer was killed, or that was copied while it was written, is refused there, because its last changes lie in a log that
    /// SQLite reads with write access alone.
    /// </summary>
    Read,

    /// <summary>Reading and changing. Only one process at a time has this access.</summary>
    Write,
}
