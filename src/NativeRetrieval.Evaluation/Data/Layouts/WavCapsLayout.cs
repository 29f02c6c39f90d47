using NativeRetrieval.Evaluation.Data.Tables;

namespace NativeRetrieval.Evaluation.Data.Layouts;

/// <summary>
/// WavCaps' objects: <c>id</c>, <c>caption</c> and, where somebody filled it in, <c>audio</c>. The file is the one that <c>audio</c>
/// names, or the one named after the id, of which <c>.wav</c> or <c>.flac</c> at the end may be another sound's extension.
/// </summary>
internal sealed class WavCapsLayout(Table table) : ClipLayout(table)
{
    /// <summary>Field of the clip's id.</summary>
    public const string IdKey = "id";

    /// <inheritdoc/>
    public override ClipRow Read(TableRow row)
    {
        string id = row[IdKey]?.Text.Trim() ?? "", audio = row["audio"]?.Text ?? "";
        if (id.Length == 0) throw Fault(row, "'id' is empty");
        string stem = Path.GetExtension(id) is ".wav" or ".flac" ? Path.GetFileNameWithoutExtension(id) : id;
        string[] paths = [.. new[] { audio, id }.Where(name => !string.IsNullOrWhiteSpace(name) && FileNameLayout.IsInside(name))];
        return new ClipRow(row.Line, id, id, Captions(row), new SoundNames(paths, [.. new[] { id, stem }.Distinct()]));
    }
}
