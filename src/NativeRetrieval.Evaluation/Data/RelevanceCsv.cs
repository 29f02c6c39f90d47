using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data.Tables;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>A query and the names of all files that answer it.</summary>
/// <param name="Line">Line of its first row, for messages.</param>
public sealed record RelevantFiles(string Query, IReadOnlyList<string> FileNames, int Line);

/// <summary>
/// Queries with several right answers. Column <c>query</c> (or <c>caption</c>) and either <c>audio_filenames</c>, a list in brackets as in
/// DCASE 2025's annotations (<c>['a.wav', "b's.wav"]</c>), or <c>file_name</c>, one row for each pair.
/// </summary>
public static class RelevanceCsv
{
    const string ListKey = "audiofilenames";
    const string Known = "Known layouts: query,audio_filenames (DCASE 2025) and query,file_name";

    /// <summary>Queries in the order of their first row, rows of one query joined.</summary>
    /// <exception cref="CaptionFileException">A column is missing, a query or its list empty, a list not
    /// readable, or the text is not CSV.</exception>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static IReadOnlyList<RelevantFiles> Read(string path)
    {
        using var table = Table.Open(path);
        var query = table.Find("query", "caption") ?? throw table.Refused("no column 'query' or 'caption'", Known);
        var files = table.Find(ListKey, "filename") ?? throw table.Refused("no column 'audio_filenames' or 'file_name'", Known);
        var found = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var queries = new List<RelevantFiles>();
        foreach (var row in table.Rows())
        {
            string text = row[query.Key]?.Text ?? "";
            if (string.IsNullOrWhiteSpace(text)) throw new CaptionFileException(path, row.Line, "the query is empty");
            IReadOnlyList<string> names = row[files.Key] is not { } field ? []
                : files.Key == ListKey && !field.IsList ? List(path, row.Line, field.Text) : field.Values;
            if (names.Count == 0 || names.Any(string.IsNullOrWhiteSpace))
                throw new CaptionFileException(path, row.Line, "the query has no relevant file, or an empty name");
            if (!found.TryGetValue(text, out var all))
            {
                found.Add(text, all = []);
                queries.Add(new RelevantFiles(text, all, row.Line));
            }
            all.AddRange(names);
        }
        return queries.Count > 0 ? queries : throw new CaptionFileException(path, 2, "there is a header but no query");
    }

    /// <summary>
    /// Strings in single or double quotes between brackets, backslash escapes the next character: Python's way to print a list, and JSON's.
    /// </summary>
    static List<string> List(string path, int line, string text)
    {
        text = text.Trim();
        if (text is not ['[', .., ']']) throw Refused();
        var names = new List<string>();
        var name = new StringBuilder();
        bool separated = true;
        for (int i = 1; i < text.Length - 1; i++)
        {
            char quote = text[i];
            if (char.IsWhiteSpace(quote)) continue;
            if (quote == ',' && !separated)
            {
                separated = true;
                continue;
            }
            if (quote is not ('\'' or '"') || !separated) throw Refused();
            name.Clear();
            for (i++; i < text.Length - 1 && text[i] != quote; i++)
                name.Append(text[i] == '\\' && i + 1 < text.Length - 1 ? text[++i] : text[i]);
            if (i >= text.Length - 1) throw Refused();
            names.Add(name.ToString());
            separated = false;
        }
        return names;

        CaptionFileException Refused() =>
            new(path, line, $"'{text}' is not a list of quoted file names in brackets, such as ['a.wav', 'b.wav']");
    }
}
