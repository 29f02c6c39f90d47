namespace NativeRetrieval.Server.Contract;

/// <summary>Body of <c>POST /v1/index</c>.</summary>
internal sealed record IndexingRequest
{
    public string? Index { get; init; }
}

/// <summary>Event <c>progress</c>: files looked at, of all, and seconds of sound that were embedded.</summary>
internal sealed record IndexingProgress(int Done, int Total, double Seconds);

/// <summary>Event <c>done</c>: files by what became of them.</summary>
/// <param name="Skipped">A message for each file or folder that could not be read.</param>
internal sealed record IndexingDone(int Embedded, int Windows, double Seconds, int Unchanged, int Moved, int Removed,
    IReadOnlyList<string> Skipped);
