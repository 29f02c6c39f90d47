using System.Text;

namespace NativeRetrieval.Evaluation.Data.Tables;

/// <summary>One row of a table.</summary>
/// <param name="Line">Line on which the row begins, counted from 1.</param>
/// <param name="Fields">Cells with text or without, in the order of the file; cells that a short row lacks are not among them.</param>
internal sealed record TableRow(int Line, IReadOnlyList<TableField> Fields)
{
    /// <summary>The field of a column; null where the row has none.</summary>
    /// <param name="key">Column by its <see cref="TableColumn.Key"/>.</param>
    public TableField? this[string key] => Fields.FirstOrDefault(field => field.Column.Key == key);
}

/// <summary>One cell of a table.</summary>
/// <param name="Values">The cell's text; the texts of a JSON list; none for JSON's null and for objects.</param>
/// <param name="IsList">Whether the file has a list here, even one of a single text.</param>
internal sealed record TableField(TableColumn Column, IReadOnlyList<string> Values, bool IsList = false)
{
    /// <summary>The text of the cell, or the first of a list; "" where there is none.</summary>
    public string Text => Values.Count > 0 ? Values[0] : "";
}

/// <summary>A column of a CSV or a field of JSON.</summary>
/// <param name="Name">Name as the file has it.</param>
internal sealed record TableColumn(string Name)
{
    /// <summary>Name without spaces and underscores, in lower case: <c>File Name</c> and <c>file_name</c> are the same column.</summary>
    public string Key { get; } = KeyOf(Name);

    /// <summary>The key of a name.</summary>
    public static string KeyOf(string name)
    {
        var key = new StringBuilder(name.Length);
        foreach (char c in name)
            if (!char.IsWhiteSpace(c) && c != '_') key.Append(char.ToLowerInvariant(c));
        return key.ToString();
    }
}

/// <summary>A file of rows in one syntax.</summary>
internal interface ITableRows : IDisposable
{
    /// <summary>The syntax for people, such as <c>CSV with commas</c>.</summary>
    string Syntax { get; }

    /// <summary>Columns of the header; null where each row names its own.</summary>
    IReadOnlyList<TableColumn>? Header { get; }

    /// <summary>The next row that has text; null at the end.</summary>
    /// <exception cref="CaptionFileException">The row is malformed.</exception>
    TableRow? Next();
}
