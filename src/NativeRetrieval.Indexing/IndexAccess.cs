namespace NativeRetrieval.Indexing;

/// <summary>Many processes may read an index at a time, one may write, and readers are not held up by it.</summary>
public enum IndexAccess
{
    /// <summary>
    /// Searching, listing and verifying. No write access is needed: a folder on a read-only disk or of another user serves. Only an
    /// index whose writer was killed, or that was copied while it was written, is refused there, because its last changes lie in a log that
    /// SQLite reads with write access alone.
    /// </summary>
    Read,

    /// <summary>Reading and changing.</summary>
    Write,
}
