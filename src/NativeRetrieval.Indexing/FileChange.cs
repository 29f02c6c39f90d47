namespace NativeRetrieval.Indexing;

/// <summary>Difference between a file and the index's knowledge of it, with the step that an indexer has to take.</summary>
public enum FileChange
{
    /// <summary>Same path, size and time: nothing to do.</summary>
    Unchanged,

    /// <summary>Same path and content, another time: record the time.</summary>
    Touched,

    /// <summary>The content of a file that is no longer there: record the new path.</summary>
    Moved,

    /// <summary>The content of a file that is still there: add its windows under the new path.</summary>
    Copied,

    /// <summary>Known path, new content: embed it.</summary>
    Changed,

    /// <summary>Unknown content: embed it.</summary>
    New,
}
