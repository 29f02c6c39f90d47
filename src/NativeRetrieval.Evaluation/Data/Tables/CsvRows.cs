using System.Text;
using CsvHelper;

namespace NativeRetrieval.Evaluation.Data.Tables;

/// <summary>
/// Rows of a CSV with a header: commas, semicolons or tabs, whichever the header has most of, or the one that Excel's first line
/// <c>sep=;</c> names. Blank rows and blank cells behind the last column are passed over; a row may lack its last cells.
/// </summary>
internal sealed class CsvRows : ITableRows
{
    /// <summary>Most bytes of a row.</summary>
    const int LongestRow = 4 << 20;

    readonly string _path;
    readonly CsvReader _csv;
    readonly char _separator;
    readonly TableColumn[] _columns;

    /// <param name="text">The text, which this object disposes of.</param>
    /// <exception cref="CaptionFileException">The file is empty, or its header malformed.</exception>
    public CsvRows(string path, TableText text)
    {
        _path = path;
        string start = Encoding.UTF8.GetString(text.Next);
        bool named = IsSeparatorLine(start);
        _csv = CsvReader.Create(text, new CsvReaderOptions
        {
            Separator = named ? null : MostFrequent(start),
            DetectSeparatorHint = named,
            Encoding = Encoding.UTF8,
            TrackLineNumbers = true,
            MalformedData = CsvMalformedDataHandling.Throw,
            MaxRecordSize = LongestRow,
        }, leaveOpen: false);
        _columns = Guarded(() =>
        {
            while (_csv.Headers.All(string.IsNullOrWhiteSpace) && _csv.Read()) _csv.ReadHeader();
            string[] names = [.. _csv.Headers.Select(name => name.Trim())];
            return names[..(Array.FindLastIndex(names, name => name.Length > 0) + 1)].Select(name => new TableColumn(name)).ToArray();
        });
        _separator = _csv.Separator;
        if (_columns.Length == 0)
            throw new CaptionFileException(path, 1, "the file is empty; expected a header such as file_name,caption_1,caption_2");
    }

    /// <inheritdoc/>
    public string Syntax => _columns.Length == 1 ? "CSV of one column" : "CSV with " + _separator switch
    {
        ',' => "commas",
        ';' => "semicolons",
        '\t' => "tabs",
        _ => $"'{_separator}'",
    };

    /// <inheritdoc/>
    public IReadOnlyList<TableColumn> Header => _columns;

    /// <inheritdoc/>
    public TableRow? Next() => Guarded(() =>
    {
        while (_csv.Read())
        {
            int count = _csv.FieldCount;
            while (count > 0 && string.IsNullOrWhiteSpace(_csv.GetString(count - 1))) count--;
            if (count == 0) continue;
            int line = (int)_csv.LineNumber;
            if (count > _columns.Length || (_csv.FieldCount == 1 && _columns.Length > 1))
                throw new CaptionFileException(_path, line, $"{count} fields, the header has {_columns.Length}; "
                    + $"text with a {SeparatorName} or a line break needs \"quotes\"");
            var fields = new TableField[Math.Min(_csv.FieldCount, _columns.Length)];
            for (int i = 0; i < fields.Length; i++) fields[i] = new TableField(_columns[i], [_csv.GetString(i)]);
            return new TableRow(line, fields);
        }
        return null;
    });

    /// <inheritdoc/>
    public void Dispose() => _csv.Dispose();

    string SeparatorName => _separator switch { ',' => "comma", ';' => "semicolon", '\t' => "tab", _ => $"'{_separator}'" };

    static bool IsSeparatorLine(string start) =>
        start.Length >= 5 && start.StartsWith("sep=", StringComparison.OrdinalIgnoreCase) && start[4] is ',' or ';' or '\t' or '|' or ':'
        && (start.Length == 5 || start[5] is '\r' or '\n');

    /// <summary>The separator that the header has most of outside quotes; a comma where it has none.</summary>
    static char MostFrequent(string start)
    {
        int commas = 0, semicolons = 0, tabs = 0;
        bool quoted = false, content = false;
        foreach (char c in start)
        {
            if (c == '"') quoted = !quoted;
            else if (quoted) continue;
            else if (c is '\r' or '\n' && content) break;
            else if (c == ',') commas++;
            else if (c == ';') semicolons++;
            else if (c == '\t') tabs++;
            content |= !char.IsWhiteSpace(c);
        }
        return tabs > Math.Max(commas, semicolons) ? '\t' : semicolons > commas ? ';' : ',';
    }

    T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CsvFormatException error)
        {
            throw new CaptionFileException(_path, Math.Max(1, (int)error.LineNumber), error.Message, error);
        }
    }
}
