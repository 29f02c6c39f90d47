using NativeRetrieval.Audio.Metadata;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data.Tables;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>
/// A table of what is known of sounds: a column <c>path</c>, <c>file_name</c>, <c>filename</c> or <c>file</c>, and any of <c>title</c>,
/// <c>fxname</c>, <c>description</c>, <c>caption</c>, <c>category</c>, <c>subcategory</c>, <c>catid</c>, <c>keywords</c>, <c>tags</c>,
/// <c>library</c> and others, as sound libraries export them. Columns of other names are searched as other words.
/// </summary>
public sealed class DetailsCsv
{
    static readonly string[] _keyColumns = ["path", "filepath", "pathname", "filename", "file"];

    readonly Dictionary<string, SoundText> _texts = new(StringComparer.Ordinal);

    DetailsCsv()
    {
    }

    /// <summary>Number of rows.</summary>
    public int Count => _texts.Count;

    /// <summary>Reads a table.</summary>
    /// <exception cref="CaptionFileException">It is of no known layout, a row is malformed, or names a file twice.</exception>
    /// <exception cref="FileReadException">It cannot be read.</exception>
    public static DetailsCsv Read(string path)
    {
        using var table = Table.Open(path);
        var key = table.Find(_keyColumns)
            ?? throw table.Refused("no column names the files", "Known layout: path or file_name, title, description, category, keywords");
        var read = new DetailsCsv();
        foreach (var row in table.Rows())
        {
            string file = Slashes(row[key.Key]?.Text ?? "");
            if (file.Length == 0) throw new CaptionFileException(path, row.Line, "the row names no file");
            var fields = row.Fields.Where(field => field.Column.Key != key.Key)
                .SelectMany(field => field.Values, (field, value) => (field.Column.Name, value));
            if (!read._texts.TryAdd(file, SoundText.OfFields(fields)))
                throw new CaptionFileException(path, row.Line, $"'{file}' was given in a row before; give each file one row");
        }
        return read;
    }

    /// <summary>
    /// The text of a file: that of the row that names the most of its path from the end on, at least its file name; null: none does.
    /// </summary>
    public SoundText? Of(string path)
    {
        string rest = Slashes(Path.GetFullPath(path));
        while (true)
        {
            if (_texts.TryGetValue(rest, out var text)) return text;
            int slash = rest.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0) return null;
            rest = rest[(slash + 1)..];
        }
    }

    static string Slashes(string path)
    {
        path = path.Trim().Replace('\\', '/');
        return path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
    }
}
