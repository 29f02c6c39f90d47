using System.Globalization;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands;

/// <summary>Prints ranked hits, as a table or as JSON.</summary>
internal static class HitList
{
    /// <summary>Exports the hits where that is asked for, prints them, and lists those that could not be exported.</summary>
    /// <param name="key">Kind of the search: <c>query</c> or <c>file</c>.</param>
    /// <param name="unknownTokens">Words of a query that the model does not know; null: the search had no words.</param>
    /// <returns><see cref="ExitCode.Partial"/> where a hit could not be exported.</returns>
    public static async Task<int> WriteAsync(Terminal terminal, bool json, string key, string value, IReadOnlyList<SearchHit> hits,
        LocalAudioIndex index, HitExport? export, CancellationToken cancellation, int? unknownTokens = null)
    {
        if (export is not null) await export.WriteAsync(hits, index, cancellation);
        Write(terminal, json, key, value, hits, export?.Excerpts, unknownTokens);
        return export is null ? ExitCode.Ok : export.Report(terminal);
    }

    /// <summary>Prints the hits.</summary>
    /// <param name="excerpts">Paths by rank, null for a hit that could not be exported; null where none was asked for.</param>
    public static void Write(Terminal terminal, bool json, string key, string value, IReadOnlyList<SearchHit> hits,
        IReadOnlyDictionary<int, string?>? excerpts = null, int? unknownTokens = null)
    {
        if (json)
        {
            terminal.WriteJson(document =>
            {
                document.WriteString(key, value);
                if (unknownTokens is { } unknown) document.WriteNumber("unknown_tokens", unknown);
                document.WriteStartArray("hits");
                foreach (var hit in hits)
                {
                    document.WriteStartObject();
                    document.WriteNumber("rank", hit.Rank);
                    document.WriteString("path", hit.Path);
                    document.WriteNumber("start_seconds", Math.Round(hit.StartSeconds, 3));
                    document.WriteNumber("end_seconds", Math.Round(hit.EndSeconds, 3));
                    document.WriteNumber("score", Math.Round(hit.Score, 6));
                    if (excerpts is not null) document.WriteString("excerpt", excerpts[hit.Rank]);
                    document.WriteEndObject();
                }
                document.WriteEndArray();
            });
            return;
        }
        if (hits.Count == 0)
        {
            terminal.Message("nothing found");
            return;
        }
        var table = new Table(">", ">score", "from", "to", "file");
        foreach (var hit in hits)
            table.Add(hit.Rank.ToString(CultureInfo.InvariantCulture), hit.Score.ToString("F3", CultureInfo.InvariantCulture),
                Time(hit.StartSeconds), Time(hit.EndSeconds), Shown(hit.Path));
        table.Write(terminal);
    }

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
