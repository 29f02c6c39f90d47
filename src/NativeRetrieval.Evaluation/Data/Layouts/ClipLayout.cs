using System.Globalization;
using NativeRetrieval.Evaluation.Data.Tables;

namespace NativeRetrieval.Evaluation.Data.Layouts;

/// <summary>A known way in which the rows of a table stand for clips.</summary>
internal abstract class ClipLayout(Table table)
{
    /// <summary>The layouts, for the message about a table of another.</summary>
    public const string Known = "Known layouts: file_name,caption or file_name,caption_1,caption_2,… (Clotho); "
        + "audiocap_id,youtube_id,start_time,caption (AudioCaps); {\"data\": [{\"id\", \"caption\", …}]} (WavCaps); "
        + "JSON Lines of {\"file_name\", \"caption\" or \"captions\"}";

    const string CaptionKey = "caption", CaptionListKey = "captions";

    /// <summary>True where the rows of a table name sounds.</summary>
    /// <exception cref="CaptionFileException">Two columns name them alike.</exception>
    public static bool NamesSounds(Table table) =>
        table.Find([.. FileNameLayout.Keys, AudioCapsLayout.VideoKey]) is not null
        || (table.IsJson && table.Find(WavCapsLayout.IdKey) is not null);

    /// <summary>The layout of a table.</summary>
    /// <exception cref="CaptionFileException">It is none of the known ones.</exception>
    public static ClipLayout Of(Table table)
    {
        if (table.IsJson && table.First is null) throw new CaptionFileException(table.Path, 1, "there is no clip");
        if (!NamesSounds(table))
            throw table.Refused("no column 'file_name', 'audio', 'path' or 'youtube_id' says which sound a row is about", Known);
        return WithCaptions(table, table.Find("filename") is { } name ? new FileNameLayout(table, name)
            : table.Find(AudioCapsLayout.VideoKey) is not null ? new AudioCapsLayout(table)
            : table.IsJson && table.Find(WavCapsLayout.IdKey) is not null ? new WavCapsLayout(table)
            : new FileNameLayout(table, table.Find(FileNameLayout.Keys)!));
    }

    /// <summary>The clip of a row.</summary>
    /// <exception cref="CaptionFileException">The row does not say which.</exception>
    public abstract ClipRow Read(TableRow row);

    /// <summary>Captions of a row in the order of their numbers; blank cells are none.</summary>
    protected IReadOnlyList<string> Captions(TableRow row) =>
        [.. row.Fields.Select(field => (Number: CaptionNumber(field.Column), field.Values)).Where(field => field.Number is not null)
            .OrderBy(field => field.Number).SelectMany(field => field.Values).Where(text => !string.IsNullOrWhiteSpace(text))];

    /// <summary>An error about a row.</summary>
    protected CaptionFileException Fault(TableRow row, string problem) => new(table.Path, row.Line, problem);

    static ClipLayout WithCaptions(Table table, ClipLayout layout)
    {
        var numbered = new Dictionary<int, TableColumn>();
        foreach (var column in table.Columns)
            if (layout.CaptionNumber(column) is { } number && !numbered.TryAdd(number, column))
                throw new CaptionFileException(table.Path, 1,
                    $"two columns hold caption {number}: '{numbered[number].Name}' and '{column.Name}'");
        return numbered.Count > 0 ? layout : throw table.Refused("no column 'caption' or 'caption_1' holds captions", Known);
    }

    /// <summary><c>caption</c>, <c>caption_1</c> and JSON's <c>captions</c> are the first; null for other columns.</summary>
    int? CaptionNumber(TableColumn column) =>
        column.Key == CaptionKey || (column.Key == CaptionListKey && table.IsJson) ? 1
        : column.Key.StartsWith(CaptionKey, StringComparison.Ordinal)
          && int.TryParse(column.Key.AsSpan(CaptionKey.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
        : null;
}

/// <summary>A row as its layout understands it.</summary>
/// <param name="Clip">Key of the clip: rows of one key are one clip.</param>
/// <param name="Name">Name of the clip in results.</param>
/// <param name="Captions">Captions in order, none blank.</param>
/// <param name="Sound">Names that the sound file may have.</param>
/// <param name="CaptionId">Number of the caption, where the layout has one: equal captions of two numbers are two captions.</param>
internal sealed record ClipRow(int Line, string Clip, string Name, IReadOnlyList<string> Captions, SoundNames Sound,
    string? CaptionId = null);

/// <summary>Names that the file of a sound may have.</summary>
/// <param name="Paths">Paths relative to the audio folder.</param>
/// <param name="Stems">File names at any depth, whose extension may be that of any sound.</param>
internal sealed record SoundNames(IReadOnlyList<string> Paths, IReadOnlyList<string> Stems);
