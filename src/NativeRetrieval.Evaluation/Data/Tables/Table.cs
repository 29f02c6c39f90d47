using System.Text;

namespace NativeRetrieval.Evaluation.Data.Tables;

/// <summary>A file of rows, whatever its encoding and syntax: the one way in which captions, queries and answers are read.</summary>
internal sealed class Table : IDisposable
{
    const int ColumnsShown = 12, LettersShown = 40;

    readonly ITableRows _rows;

    Table(string path, ITableRows rows, TableRow? first)
    {
        (Path, _rows, First) = (path, rows, first);
        Columns = rows.Header ?? [.. first?.Fields.Select(field => field.Column) ?? []];
    }

    /// <summary>The file as the caller named it.</summary>
    public string Path { get; }

    /// <summary>Columns of a CSV's header; the fields of JSON's first row.</summary>
    public IReadOnlyList<TableColumn> Columns { get; }

    /// <summary>The first row; null where there is none.</summary>
    public TableRow? First { get; }

    /// <summary>True where rows name their fields themselves.</summary>
    public bool IsJson => _rows.Header is null;

    /// <summary>Opens a file and reads its header and first row.</summary>
    /// <exception cref="CaptionFileException">The file is empty, its first row malformed, or no text.</exception>
    /// <exception cref="Core.Errors.FileReadException">The file cannot be read.</exception>
    public static Table Open(string path)
    {
        var text = new TableText(path);
        try
        {
            bool json = text.Next.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..];
            ITableRows rows = json ? new JsonRows(path, text) : new CsvRows(path, text);
            return new Table(path, rows, rows.Next());
        }
        catch
        {
            text.Dispose();
            throw;
        }
    }

    /// <summary>All rows in order; to be asked for once.</summary>
    /// <exception cref="CaptionFileException">A row is malformed.</exception>
    public IEnumerable<TableRow> Rows()
    {
        for (var row = First; row is not null; row = _rows.Next()) yield return row;
    }

    /// <summary>The first of several columns that the table has; null where it has none of them.</summary>
    /// <exception cref="CaptionFileException">It has one of them twice.</exception>
    public TableColumn? Find(params IEnumerable<string> keys)
    {
        foreach (string key in keys)
        {
            TableColumn[] found = [.. Columns.Where(column => column.Key == key)];
            if (found.Length > 1)
                throw new CaptionFileException(Path, 1, $"two columns are the same: '{found[0].Name}' and '{found[1].Name}'; rename one");
            if (found.Length == 1) return found[0];
        }
        return null;
    }

    /// <summary>An error that says how the file was understood: syntax, columns and first row.</summary>
    public CaptionFileException Refused(string problem, string known)
    {
        string columns = string.Join(", ", Columns.Take(ColumnsShown).Select(column => Shown(column.Name)))
            + (Columns.Count > ColumnsShown ? ", …" : "");
        string first = First is null ? "there is no row"
            : "the first row is "
                + string.Join(" | ", First.Fields.Take(ColumnsShown).Select(field => Shown(string.Join("; ", field.Values))));
        return new CaptionFileException(Path, 1,
            $"{problem}; the columns are {columns}. The file looks like {_rows.Syntax}; {first}. {known}");
    }

    /// <inheritdoc/>
    public void Dispose() => _rows.Dispose();

    static string Shown(string text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes().Take(LettersShown)) shown.Append(Rune.IsControl(rune) ? "·" : rune.ToString());
        return shown + (text.EnumerateRunes().Skip(LettersShown).Any() ? "…" : "");
    }
}
