using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing;
using NativeRetrieval.NAudio;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>
/// Writes the stretch of each hit as WAV into a folder of its own. A file that is gone, changed or damaged costs its own excerpt only; a
/// disk that refuses ends the command, and the excerpts before it stay.
/// </summary>
internal sealed class HitExport
{
    readonly string _folder;
    readonly Dictionary<int, string?> _excerpts = [];
    readonly List<string> _skipped = [];

    HitExport(string folder) => _folder = folder;

    /// <summary>Full paths by rank; null for a hit that could not be exported.</summary>
    public IReadOnlyDictionary<int, string?> Excerpts => _excerpts;

    /// <exception cref="OptionException">The folder holds something, or is a file.</exception>
    public static HitExport Into(string folder)
    {
        if (File.Exists(folder)) throw new OptionException($"--export {folder}: is a file; name a folder that is new or empty");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new OptionException($"--export {folder}: holds files already, and nothing there is overwritten; name a folder that is "
                + "new or empty");
        return new HitExport(folder);
    }

    public async Task WriteAsync(IReadOnlyList<LibraryHit> hits, ILibraryIndex index, CancellationToken cancellation)
    {
        DurableFile.CreateFolder(_folder);
        int lastRank = hits.Count == 0 ? 0 : hits[^1].Rank;
        foreach (var hit in hits)
        {
            string target = Path.Combine(_folder, AudioExcerpt.FileName(
                new SearchHit(hit.Rank, hit.Path, hit.StartSeconds, hit.EndSeconds, hit.Score, hit.RowId), lastRank));
            _excerpts[hit.Rank] = null;
            try
            {
                if (await index.GetAsync(hit.Path, cancellation) is { } entry) RefuseChanged(hit.Path, entry.File);
                AudioExcerpt.Write(hit.Path, hit.StartSeconds, hit.EndSeconds, target, cancellation);
                _excerpts[hit.Rank] = target;
            }
            catch (AudioDecodeException error)
            {
                _skipped.Add($"{hit.Rank}. {error.Message}");
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                _skipped.Add($"{hit.Rank}. {hit.Path}: cannot be read: {error.Message}");
            }
        }
    }

    /// <summary>Says where the excerpts are and lists hits without one.</summary>
    /// <returns><see cref="ExitCode.Partial"/> where there are any.</returns>
    public int Report(Terminal terminal)
    {
        int written = _excerpts.Count - _skipped.Count;
        terminal.Message($"{Counted.Of(written, "excerpt")} in {_folder}");
        if (_skipped.Count == 0) return ExitCode.Ok;
        terminal.Warning($"{_skipped.Count:N0} {(_skipped.Count == 1 ? "hit has" : "hits have")} no excerpt:");
        foreach (string message in _skipped) terminal.Item(message);
        return ExitCode.Partial;
    }

    /// <summary>A changed file may hold another sound where the hit was.</summary>
    static void RefuseChanged(string path, IndexedFile indexed)
    {
        if (!File.Exists(path)) return;
        var status = FileStatus.Of(path);
        if (status.SizeBytes == indexed.SizeBytes && status.ModifiedUtc == indexed.ModifiedUtc) return;
        if (status.SizeBytes != indexed.SizeBytes || ContentHash.OfFile(path) != indexed.ContentHash)
            throw new AudioDecodeException(path, "has changed since it was indexed, and the hit may be another sound now; index it again");
    }
}
