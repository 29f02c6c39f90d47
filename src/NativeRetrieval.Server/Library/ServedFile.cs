using Microsoft.AspNetCore.Http;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Server.Library;

/// <summary>An indexed file that a request names by its id.</summary>
internal sealed record ServedFile(string Id, ServedIndex Index, AudioIndexEntry Entry, SoundDetails Details)
{
    public string FullPath => Entry.File.FullPath;

    /// <summary>The entity tag of what is made of the file's content.</summary>
    public string ContentHash => Entry.File.ContentHash;

    /// <summary>The window that a second lies in: the last that starts no later, or the first.</summary>
    public AudioWindow WindowAt(double seconds) =>
        Entry.Windows.LastOrDefault(window => window.StartSeconds <= seconds) ?? Entry.Windows[0];

    /// <summary>A stretch of the file, by default to its end.</summary>
    /// <exception cref="Refusal">It is empty, or begins behind the file's end.</exception>
    public (double Start, double End) Stretch(double? startSeconds, double? endSeconds)
    {
        double start = startSeconds ?? 0, end = Math.Min(endSeconds ?? double.PositiveInfinity, Details.DurationSeconds);
        return start >= 0 && start < end ? (start, end) : throw Refusal.Unprocessable(FormattableString.Invariant(
            $"a stretch from {start} to {endSeconds ?? end} s is not possible: the file has {Details.DurationSeconds:F3} s"));
    }

    /// <summary>Refuses a file that is not the one that was indexed: what lies at its path now was never looked at.</summary>
    /// <exception cref="Refusal">It is gone, cannot be read, or was changed.</exception>
    public void RequireUnchanged()
    {
        try
        {
            var status = FileStatus.Of(FullPath);
            if (status.SizeBytes == Entry.File.SizeBytes && status.ModifiedUtc == Entry.File.ModifiedUtc
                && status.Identity.Kind == FileKind.File) return;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Refusal(StatusCodes.Status404NotFound, "the file cannot be read any more; bring the index up to date");
        }
        throw new Refusal(StatusCodes.Status409Conflict, "the file was changed since it was indexed; bring the index up to date");
    }
}
