using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data.Layouts;
using NativeRetrieval.Evaluation.Data.Tables;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>
/// Queries without answers, as DCASE's evaluation set has them: a table with a column <c>caption</c> or <c>query</c> and none that names
/// files.
/// </summary>
public static class QueryCsv
{
    static readonly string[] _keys = ["caption", "query"];

    /// <summary>
    /// True for a file whose header has a query column and none that names sounds: then every sound of the folder is a candidate.
    /// </summary>
    /// <exception cref="CaptionFileException">The file is no table.</exception>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static bool HasNoAnswers(string path)
    {
        using var table = Table.Open(path);
        return !ClipLayout.NamesSounds(table) && table.Find(_keys) is not null;
    }

    /// <summary>The queries in their order, as written.</summary>
    /// <exception cref="CaptionFileException">A query is empty, there is none, or the file is no table.</exception>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        using var table = Table.Open(path);
        var column = table.Find(_keys) ?? throw table.Refused("no column 'caption' or 'query'", "Known layout: caption");
        var queries = new List<string>();
        foreach (var row in table.Rows())
        {
            string query = row[column.Key]?.Text ?? "";
            if (string.IsNullOrWhiteSpace(query)) throw new CaptionFileException(path, row.Line, "the query is empty");
            queries.Add(query);
        }
        return queries.Count > 0 ? queries : throw new CaptionFileException(path, 2, "there is a header but no query");
    }
}
