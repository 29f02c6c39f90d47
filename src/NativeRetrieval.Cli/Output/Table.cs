namespace NativeRetrieval.Cli.Output;

/// <summary>Aligned columns of text. A column whose header begins with &gt; is aligned to the right, as numbers are.</summary>
/// <remarks>Cells are shown as <see cref="PlainText"/>.</remarks>
public sealed class Table(params string[] headers)
{
    const string Gap = "  ";

    readonly List<string[]> _rows = [];

    /// <summary>Adds a row, one cell for each column.</summary>
    public Table Add(params string[] cells)
    {
        if (cells.Length != headers.Length)
            throw new ArgumentException($"{cells.Length} cells for {headers.Length} columns", nameof(cells));
        _rows.Add([.. cells.Select(cell => PlainText.Of(cell))]);
        return this;
    }

    /// <summary>Writes the headers, where there are any, and the rows.</summary>
    public void Write(TextWriter output)
    {
        string[] titles = [.. headers.Select(header => header.TrimStart('>'))];
        int[] widths = [.. titles.Select((title, column) => _rows.Select(row => row[column].Length).Append(title.Length).Max())];
        if (titles.Any(title => title.Length > 0)) WriteRow(output, titles, widths);
        foreach (var row in _rows) WriteRow(output, row, widths);
    }

    void WriteRow(TextWriter output, string[] cells, int[] widths) =>
        output.WriteLine(string.Join(Gap, cells.Select((cell, column) =>
            headers[column].StartsWith('>') ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
}
