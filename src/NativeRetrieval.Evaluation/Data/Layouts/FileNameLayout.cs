using NativeRetrieval.Evaluation.Data.Tables;

namespace NativeRetrieval.Evaluation.Data.Layouts;

/// <summary>
/// Rows that name their file, as Clotho's do: <c>file_name</c>, <c>audio</c> or <c>path</c>, relative to the audio folder.
/// </summary>
internal sealed class FileNameLayout(Table table, TableColumn name) : ClipLayout(table)
{
    /// <summary>Columns that may name the file; the first that a table has does.</summary>
    public static IReadOnlyList<string> Keys { get; } = ["filename", "audio", "path"];

    /// <inheritdoc/>
    public override ClipRow Read(TableRow row)
    {
        string file = row[name.Key]?.Text ?? "";
        if (string.IsNullOrWhiteSpace(file)) throw Fault(row, $"'{name.Name}' is empty");
        if (!IsInside(file)) throw Fault(row, $"file name '{file}' must lie inside the audio folder");
        return new ClipRow(row.Line, UnicodeForm.Composed(file), file, Captions(row), new SoundNames([file], []));
    }

    /// <summary>True for a name that cannot lead out of the audio folder.</summary>
    public static bool IsInside(string file) => !Path.IsPathRooted(file) && !file.Split('/', '\\').Contains("..") && !file.Contains('\0');
}
