using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cli.Output;

/// <summary>Aligned columns of text. A column whose header begins with &gt; is aligned to the right, as numbers are.</summary>
/// <remarks>Cells are shown as <see cref="PlainText"/>, and aligned by that.</remarks>
public sealed class Table(params string[] headers)
{
    const string Gap = "  ";

    const string Indent = "    ";

    readonly List<string[]> _rows = [];
    readonly Dictionary<int, string> _texts = [];

    /// <summary>Adds a row, one cell for each column.</summary>
    public Table Add(params string[] cells)
    {
        if (cells.Length != headers.Length)
            throw new ArgumentException($"{cells.Length} cells for {headers.Length} columns", nameof(cells));
        _rows.Add([.. cells.Select(PlainText.Of)]);
        return this;
    }

    /// <summary>Adds a text below the last row, in lines as wide as the terminal's.</summary>
    public Table AddText(string text)
    {
        _texts[_rows.Count - 1] = PlainText.Of(text);
        return this;
    }

    /// <summary>Writes the headers, where there are any, and the rows.</summary>
    public void Write(Terminal terminal)
    {
        string[] titles = [.. headers.Select(header => header.TrimStart('>'))];
        int[] widths = [.. titles.Select((title, column) => _rows.Select(row => row[column].Length).Append(title.Length).Max())];
        if (titles.Any(title => title.Length > 0)) WriteRow(terminal, titles, widths);
        foreach (var (index, row) in _rows.Index())
        {
            WriteRow(terminal, row, widths);
            if (_texts.TryGetValue(index, out string? text)) WriteText(terminal, text);
        }
    }

    static void WriteText(Terminal terminal, string text)
    {
        string line = Indent;
        foreach (string word in text.Split(' '))
        {
            if (line.Length > Indent.Length && line.Length + 1 + word.Length > terminal.Width)
            {
                terminal.Line(line);
                line = Indent;
            }
            line += line.Length == Indent.Length ? word : " " + word;
        }
        terminal.Line(line);
    }

    void WriteRow(Terminal terminal, string[] cells, int[] widths) =>
        terminal.Line(string.Join(Gap, cells.Select((cell, column) =>
            headers[column].StartsWith('>') ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
}
