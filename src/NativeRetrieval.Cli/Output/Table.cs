using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cli.Output;

/// <summary>Aligned columns of text. A column whose header begins with &gt; is aligned to the right, as numbers are.</summary>
/// <remarks>Cells are shown as <see cref="PlainText"/>, and aligned by that.</remarks>
public sealed class Table(params string[] headers)
{
    const string Gap = "  ";

    readonly List<string[]> _rows = [];

    /// <summary>Adds a row, one cell for each column.</summary>
    public Table Add(params string[] cells)
    {
        if (cells.Length != headers.Length)
            throw new ArgumentException($"{cells.Length} cells for {headers.Length} columns", nameof(cells));
        _rows.Add([.. cells.Select(PlainText.Of)]);
        return this;
    }

    /// <summary>Writes the headers, where there are any, and the rows.</summary>
    public void Write(Terminal terminal)
    {
        string[] titles = [.. headers.Select(header => header.TrimStart('>'))];
        int[] widths = [.. titles.Select((title, column) => _rows.Select(row => row[column].Length).Append(title.Length).Max())];
        if (titles.Any(title => title.Length > 0)) WriteRow(terminal, titles, widths);
        foreach (var row in _rows) WriteRow(terminal, row, widths);
    }

    void WriteRow(Terminal terminal, string[] cells, int[] widths) =>
        terminal.Line(string.Join(Gap, cells.Select((cell, column) =>
            headers[column].StartsWith('>') ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
}
