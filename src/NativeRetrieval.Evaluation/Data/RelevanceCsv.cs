using System.Text;
using CsvHelper;
using NativeRetrieval.Core.Errors;

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
    /// <summary>Queries in the order of their first row, rows of one query joined.</summary>
    /// <exception cref="CaptionFileException">A column is missing, a query or its list empty, a list not
    /// readable, or the text is not CSV.</exception>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static IReadOnlyList<RelevantFiles> Read(string path)
    {
        using var csv = CsvText.Open(path);
        try
        {
            string[] header = [.. csv.Headers.Select(name => name.Trim())];
            int query = Column("query", "caption"), files = Column("audio_filenames", "file_name");
            bool isList = header[files] == "audio_filenames";
            var found = new Dictionary<string, (List<string> Names, int Line)>(StringComparer.Ordinal);
            var order = new List<string>();
            while (csv.Read())
            {
                int line = (int)csv.LineNumber;
                if (csv.FieldCount != header.Length)
                    throw new CaptionFileException(path, line,
                        $"{csv.FieldCount} fields, the header has {header.Length}; fields with commas need \"quotes\"");
                string text = csv.GetString(query), field = csv.GetString(files);
                if (string.IsNullOrWhiteSpace(text)) throw new CaptionFileException(path, line, "the query is empty");
                var names = isList ? List(path, line, field) : [field];
                if (names.Count == 0 || names.Any(string.IsNullOrWhiteSpace))
                    throw new CaptionFileException(path, line, "the query has no relevant file, or an empty name");
                if (!found.TryGetValue(text, out var entry))
                {
                    found.Add(text, entry = ([], line));
                    order.Add(text);
                }
                entry.Names.AddRange(names);
            }
            return order.Count > 0 ? [.. order.Select(text => new RelevantFiles(text, found[text].Names, found[text].Line))]
                : throw new CaptionFileException(path, 2, "there is a header but no query");

            int Column(string name, string other)
            {
                int column = Array.FindIndex(header, title => title == name);
                if (column < 0) column = Array.FindIndex(header, title => title == other);
                return column >= 0 ? column
                    : throw new CaptionFileException(path, 1,
                        $"no column '{name}' or '{other}'; the columns are {string.Join(", ", header)}");
            }
        }
        catch (CsvFormatException error)
        {
            throw new CaptionFileException(path, Math.Max(1, (int)error.LineNumber), error.Message, error);
        }
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
