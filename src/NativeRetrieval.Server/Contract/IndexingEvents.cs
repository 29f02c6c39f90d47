namespace NativeRetrieval.Server.Contract;

/// <summary>Body of <c>POST /v1/index</c>.</summary>
internal sealed record IndexingRequest
{
    public string? Index { get; init; }
}

/// <summary>Event <c>progress</c>: the state of a run between two files.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Done">Files that were looked at.</param>
/// <param name="Total">Files to look at; 0: they are being looked for.</param>
/// <param name="Seconds">Seconds of sound that were embedded.</param>
/// <param name="ElapsedSeconds">Time since the run began.</param>
/// <param name="Path">The file that is looked at now; null: none.</param>
internal sealed record IndexingProgressEvent(string Index, int Done, int Total, double Seconds, double ElapsedSeconds, string? Path);

/// <summary>Event <c>refused</c>: a file or folder that was left out.</summary>
/// <param name="Reason">A sentence that begins with its path.</param>
internal sealed record IndexingRefusedEvent(string Reason);

/// <summary>Events <c>done</c> and <c>cancelled</c>: files by what became of them, and what they took.</summary>
/// <param name="Refused">All that were left out; the first thousand had an event each.</param>
/// <param name="Seconds">Seconds of sound that were embedded.</param>
/// <param name="ElapsedSeconds">Time since the run began.</param>
internal sealed record IndexingEndEvent(string Index, int Added, int Changed, int Moved, int Removed, int Unchanged, int Refused,
    double Seconds, double ElapsedSeconds);
