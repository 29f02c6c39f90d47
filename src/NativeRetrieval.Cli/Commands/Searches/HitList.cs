using System.Globalization;
using System.Text.Json;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>Prints ranked hits, as a table or as JSON.</summary>
internal static class HitList
{
    /// <summary>Exports the hits where that is asked for, prints them, and lists those that could not be exported.</summary>
    /// <param name="key">Kind of the search: <c>query</c> or <c>file</c>.</param>
    /// <param name="unknownTokens">Words of a query that the model does not know; null: the search had no words.</param>
    /// <returns><see cref="ExitCode.Partial"/> where a hit could not be exported.</returns>
    public static async Task<int> WriteAsync(Terminal terminal, bool json, string key, string value, LibraryHits hits,
        ILibraryIndex index, HitFiles files, CancellationToken cancellation, int? unknownTokens = null)
    {
        var unlisted = files.List?.Write(hits) ?? [];
        if (files.Excerpts is { } export) await export.WriteAsync(hits, index, cancellation);
        Write(terminal, json, key, value, hits, files.Excerpts?.Excerpts, unknownTokens);
        return Math.Max(Skips.Report(terminal, unlisted), files.Excerpts?.Report(terminal) ?? ExitCode.Ok);
    }

    /// <summary>Prints the hits.</summary>
    /// <param name="excerpts">Paths by rank, null for a hit that could not be exported; null where none was asked for.</param>
    public static void Write(Terminal terminal, bool json, string key, string value, LibraryHits hits,
        IReadOnlyDictionary<int, string?>? excerpts = null, int? unknownTokens = null)
    {
        if (json)
        {
            terminal.WriteJson(document =>
            {
                document.WriteString(key, value);
                if (unknownTokens is { } unknown) document.WriteNumber("unknown_tokens", unknown);
                WriteHits(document, hits, excerpts);
            });
            return;
        }
        if (hits.Count == 0)
        {
            terminal.Message("nothing found");
            return;
        }
        bool hasBackground = hits.Any(hit => !double.IsNaN(hit.Percentile)), hasWords = hits.Any(hit => Why(hit).Length > 0);
        string[] columns = [">", ">score", .. hasBackground ? [">above"] : Array.Empty<string>(), "from", "to", "file",
            .. hasWords ? ["words"] : Array.Empty<string>()];
        var table = new Table(columns);
        foreach (var hit in hits)
            table.Add([hit.Rank.ToString(CultureInfo.InvariantCulture), hit.Score.ToString("F3", CultureInfo.InvariantCulture),
                .. hasBackground ? [Percent(hit.Percentile)] : Array.Empty<string>(),
                Time(hit.StartSeconds), Time(hit.EndSeconds), Shown(hit.Path),
                .. hasWords ? [Why(hit)] : Array.Empty<string>()]);
        table.Write(terminal);
    }

    /// <summary>The words that a file's text has, and a sign for a text of like meaning.</summary>
    static string Why(LibraryHit hit) => string.Join(' ', hit.MeaningRank is null ? hit.MatchedWords : [.. hit.MatchedWords, "(alike)"]);

    /// <summary>Writes the members <c>total</c> and <c>hits</c>.</summary>
    public static void WriteHits(Utf8JsonWriter document, LibraryHits hits, IReadOnlyDictionary<int,
        string?>? excerpts = null)
    {
        document.WriteNumber("total", hits.Total);
        document.WriteStartArray("hits");
        foreach (var hit in hits)
        {
            document.WriteStartObject();
            document.WriteNumber("rank", hit.Rank);
            document.WriteString("path", hit.Path);
            document.WriteNumber("start_seconds", Math.Round(hit.StartSeconds, 3));
            document.WriteNumber("end_seconds", Math.Round(hit.EndSeconds, 3));
            document.WriteNumber("score", Math.Round(hit.Score, 6));
            if (double.IsNaN(hit.Percentile)) document.WriteNull("percentile");
            else document.WriteNumber("percentile", Math.Round(hit.Percentile, 3));
            WriteRank("sound_rank", hit.SoundRank);
            WriteRank("word_rank", hit.WordRank);
            WriteRank("meaning_rank", hit.MeaningRank);
            document.WriteStartArray("words");
            foreach (string word in hit.MatchedWords) document.WriteStringValue(word);
            document.WriteEndArray();
            document.WriteStartArray("stretches");
            foreach (var stretch in hit.Stretches)
            {
                document.WriteStartObject();
                document.WriteNumber("start_seconds", Math.Round(stretch.StartSeconds, 3));
                document.WriteNumber("end_seconds", Math.Round(stretch.EndSeconds, 3));
                document.WriteNumber("score", Math.Round(stretch.Score, 6));
                document.WriteEndObject();
            }
            document.WriteEndArray();
            if (excerpts is not null) document.WriteString("excerpt", excerpts[hit.Rank]);
            document.WriteEndObject();
        }
        document.WriteEndArray();

        void WriteRank(string name, int? rank)
        {
            if (rank is { } place) document.WriteNumber(name, place);
            else document.WriteNull(name);
        }
    }

    /// <summary>The percentile with as many digits as tell it from 100.</summary>
    public static string Percent(double percentile) => double.IsNaN(percentile) ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(10 * percentile) / 10:F1} %");

    /// <summary>The path from the current folder where that is shorter and leads to the file, otherwise the whole one.</summary>
    static string Shown(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.Length < path.Length && File.Exists(relative) ? relative : path;
    }

    /// <summary>Minutes and seconds, with hours where there are any.</summary>
    public static string Time(double seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);
        return time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss\.f" : @"m\:ss\.f", CultureInfo.InvariantCulture);
    }
}
