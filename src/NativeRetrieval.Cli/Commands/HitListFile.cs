using System.Globalization;
using System.Text;
using CsvHelper;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands;

/// <summary>Writes hits as CSV or as an M3U playlist in UTF-8, by the file's extension.</summary>
internal sealed class HitListFile
{
    static readonly string[] _columns =
    [
        "rank", "path", "start_seconds", "end_seconds", "score", "percentile", "sound_rank", "word_rank", "meaning_rank", "words",
        "duration_seconds", "sample_rate_hz", "channels", "title", "description", "category", "cat_id", "tags", "library",
    ];

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
            using var csv = CsvWriter.Create(stream, CsvWriterOptions.Default with { NewLine = "\n" }, leaveOpen: true);
            foreach (string column in _columns) csv.WriteField(column);
            csv.EndRecord();
            foreach (var hit in hits)
            {
                foreach (string field in Fields(hit)) csv.WriteField(field);
                csv.EndRecord();
            }
        });
        return [];
    }

    static IEnumerable<string> Fields(LibraryHit hit) =>
    [
        Number(hit.Rank), hit.Path, Number(hit.StartSeconds), Number(hit.EndSeconds), Number(hit.Score),
        double.IsNaN(hit.Percentile) ? "" : Number(hit.Percentile), Number(hit.SoundRank), Number(hit.WordRank), Number(hit.MeaningRank),
        string.Join(' ', hit.MatchedWords),
        Number(hit.Details.DurationSeconds), Number(hit.Details.SampleRateHz), Number(hit.Details.Channels), hit.Details.Title ?? "",
        hit.Details.Description ?? "", hit.Details.Category ?? "", hit.Details.CatId ?? "", string.Join(", ", hit.Details.Tags),
        hit.Details.Library ?? "",
    ];

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

    static string Number(IFormattable? value) => value?.ToString(value is double or float ? "0.######" : null,
        CultureInfo.InvariantCulture) ?? "";
}
