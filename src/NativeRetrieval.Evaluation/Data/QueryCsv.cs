using CsvHelper;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>
/// Queries without answers, as DCASE's evaluation set has them: CSV with a column <c>caption</c> or <c>query</c> and none that names files.
/// </summary>
public static class QueryCsv
{
    static readonly string[] _columns = ["caption", "query"];

    /// <summary>
    /// True for a file whose header has a query column and no <c>file_name</c>: then every sound of the folder is a candidate.
    /// </summary>
    /// <exception cref="CaptionFileException">The text is not UTF-8 or not CSV.</exception>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static bool HasNoAnswers(string path)
    {
        using var csv = CsvText.Open(path);
        string[] header = [.. csv.Headers.Select(name => name.Trim())];
        return !header.Contains("file_name") && _columns.Any(header.Contains);
    }

    /// <summary>The queries in their order, as written.</summary>
    /// <exception cref="CaptionFileException">A query is empty, there is none, or the text is not CSV.</exception>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        using var csv = CsvText.Open(path);
        try
        {
            string[] header = [.. csv.Headers.Select(name => name.Trim())];
            int column = Array.FindIndex(header, _columns.Contains);
            if (column < 0)
                throw new CaptionFileException(path, 1,
                    $"no column '{_columns[0]}' or '{_columns[1]}'; the columns are {string.Join(", ", header)}");
            var queries = new List<string>();
            while (csv.Read())
            {
                int line = (int)csv.LineNumber;
                if (csv.FieldCount != header.Length)
                    throw new CaptionFileException(path, line,
                        $"{csv.FieldCount} fields, the header has {header.Length}; a query with a comma or a line break needs \"quotes\"");
                string query = csv.GetString(column);
                if (string.IsNullOrWhiteSpace(query)) throw new CaptionFileException(path, line, "the query is empty");
                queries.Add(query);
            }
            return queries.Count > 0 ? queries : throw new CaptionFileException(path, 2, "there is a header but no query");
        }
        catch (CsvFormatException error)
        {
            throw new CaptionFileException(path, Math.Max(1, (int)error.LineNumber), error.Message, error);
        }
    }
}
