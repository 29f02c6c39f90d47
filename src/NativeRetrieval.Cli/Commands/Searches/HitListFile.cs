using System.Globalization;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>Writes hits as CSV or as an M3U playlist in UTF-8, by the file's extension.</summary>
internal sealed class HitListFile
{
    readonly string _path;

    HitListFile(string path) => _path = path;

    bool IsPlaylist => Path.GetExtension(_path).ToLowerInvariant() is ".m3u8" or ".m3u";

    /// <exception cref="OptionException">It is neither of the two kinds, or there is something already.</exception>
    public static HitListFile At(string path)
    {
        if (Path.GetExtension(path).ToLowerInvariant() is not (".csv" or ".m3u8" or ".m3u"))
            throw new OptionException($"--export-list {path}: expected a name that ends in .csv, for a table, or .m3u8, for a playlist");
        if (Path.Exists(path))
            throw new OptionException($"--export-list {path}: is there already, and nothing is overwritten; name a new file");
        return new HitListFile(path);
    }

    /// <returns>A sentence for each hit that the file cannot hold.</returns>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public IReadOnlyList<string> Write(IReadOnlyList<LibraryHit> hits)
    {
        if (IsPlaylist) return WritePlaylist(hits);
        DurableFile.WriteAtomic(_path, stream =>
        {
            foreach (string line in HitTable.Lines(hits)) stream.Write(Encoding.UTF8.GetBytes(line));
        });
        return [];
    }

    /// <summary>Extended M3U: each hit's file, with start and stop as VLC and mpv read them.</summary>
    List<string> WritePlaylist(IReadOnlyList<LibraryHit> hits)
    {
        var skipped = new List<string>();
        var text = new StringBuilder("#EXTM3U\n");
        foreach (var hit in hits)
        {
            if (hit.Path.AsSpan().ContainsAny('\n', '\r'))
            {
                skipped.Add($"{hit.Rank}. {hit.Path}: its name has a line break, which a playlist cannot hold");
                continue;
            }
            text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{Math.Ceiling(hit.EndSeconds - hit.StartSeconds):0},")
                .Append(CultureInfo.InvariantCulture, $"{hit.Rank}. {Path.GetFileNameWithoutExtension(hit.Path)} ({hit.Score:F3})\n");
            text.Append(CultureInfo.InvariantCulture, $"#EXTVLCOPT:start-time={hit.StartSeconds:0.###}\n");
            text.Append(CultureInfo.InvariantCulture, $"#EXTVLCOPT:stop-time={hit.EndSeconds:0.###}\n{hit.Path}\n");
        }
        DurableFile.WriteAllText(_path, text.ToString());
        return skipped;
    }
}
