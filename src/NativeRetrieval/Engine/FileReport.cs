namespace NativeRetrieval.Engine;

/// <summary>The ways in which a run can deal with a file.</summary>
public enum FileOutcome
{
    /// <summary>It is new or changed and went through the model.</summary>
    Embedded,

    /// <summary>The index already has its content under this path.</summary>
    Unchanged,

    /// <summary>Its content was known under another path, and the vectors were taken over.</summary>
    Moved,

    /// <summary>It is gone, or is the same file as another path, and was taken out of the index.</summary>
    Removed,

    /// <summary>It is a second path of a file that was taken under another one.</summary>
    Duplicate,

    /// <summary>It could not be read; the message says why.</summary>
    Skipped,

    /// <summary>It is a sound of a kind for which no decoder is installed here.</summary>
    UnreadableKind,
}

/// <summary>A file that a run met, by name, and how the run dealt with it.</summary>
/// <param name="Path">The absolute path.</param>
/// <param name="Outcome">The way in which it was dealt with.</param>
/// <param name="Message">
/// For what was left out, a sentence that begins with the path and says why; for an embedded file, the damage that was met in it, or null.
/// </param>
public sealed record FileReport(string Path, FileOutcome Outcome, string? Message = null)
{
    /// <summary>True where the index had a file of this path before: an embedded one is then a changed one, and not new.</summary>
    public bool WasKnown { get; init; }
}
