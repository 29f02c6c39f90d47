using System.Text;

namespace NativeRetrieval.Text.Tests;

/// <summary>Rows of an RFC 4180 table, as far as the caption files need it.</summary>
static class Csv
{
    public static IEnumerable<List<string>> Rows(string text)
    {
        var (row, cell, quoted) = (new List<string>(), new StringBuilder(), false);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quoted && c == '"' && i + 1 < text.Length && text[i + 1] == '"') cell.Append(text[i++]);
            else if (c == '"') quoted = !quoted;
            else if (quoted) cell.Append(c);
            else if (c is ',' or '\n')
            {
                row.Add(cell.ToString());
                cell.Clear();
                if (c == ',') continue;
                yield return row;
                row = [];
            }
            else if (c != '\r') cell.Append(c);
        }
        if (row.Count == 0 && cell.Length == 0) yield break;
        row.Add(cell.ToString());
        yield return row;
    }
}
