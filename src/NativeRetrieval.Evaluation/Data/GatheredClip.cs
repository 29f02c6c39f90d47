using NativeRetrieval.Evaluation.Data.Layouts;
using NativeRetrieval.Evaluation.Data.Tables;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>A clip with the captions of all its rows.</summary>
/// <param name="Line">Line of its first row.</param>
/// <param name="Group">Its group; null: none was asked for.</param>
internal sealed record GatheredClip(string Name, int Line, string? Group)
{
    readonly Dictionary<(string? Id, string Caption), int> _given = [];

    /// <summary>Captions in the order of the rows.</summary>
    public List<string> Captions { get; } = [];

    /// <summary>Names that the sound may have, one entry for each row.</summary>
    public List<SoundNames> Sounds { get; } = [];

    /// <summary>The clips of a table in the order of their first rows.</summary>
    /// <param name="findings">Gets repeated and absent captions; null: they are errors.</param>
    /// <param name="groupColumn">Column that names a clip's group; null: none.</param>
    /// <exception cref="CaptionFileException">The table is of no known layout, a row is malformed, there is no clip, or a clip has no
    /// group, or two.</exception>
    public static List<GatheredClip> ReadAll(string path, DataFindings? findings, string? groupColumn = null)
    {
        using var table = Table.Open(path);
        var layout = ClipLayout.Of(table);
        var groups = groupColumn is null ? null : table.Find(TableColumn.KeyOf(groupColumn))
            ?? throw table.Refused($"no column '{groupColumn}', which --group names", "Name one of the columns");
        var byKey = new Dictionary<string, GatheredClip>(StringComparer.Ordinal);
        var clips = new List<GatheredClip>();
        foreach (var fields in table.Rows())
        {
            var row = layout.Read(fields);
            string? group = groups is null ? null : fields[groups.Key]?.Text ?? "";
            if (group is not null && string.IsNullOrWhiteSpace(group))
                throw new CaptionFileException(path, row.Line, $"'{row.Name}' has no {groupColumn}, by which --group groups");
            if (!byKey.TryGetValue(row.Clip, out var clip))
            {
                byKey.Add(row.Clip, clip = new GatheredClip(row.Name, row.Line, group));
                clips.Add(clip);
            }
            else if (clip.Group != group)
            {
                throw new CaptionFileException(path, row.Line, $"'{row.Name}' is of the group '{group}' here and of '{clip.Group}' in line "
                    + $"{clip.Line}; a clip is of one group");
            }
            clip.Add(path, row, findings);
        }
        if (clips.Count == 0) throw new CaptionFileException(path, 2, "there is a header but no clip");
        foreach (var clip in clips.Where(clip => clip.Captions.Count == 0))
            if (findings is not null) findings.Add(DataProblem.EmptyCaption, $"{clip.Name} (line {clip.Line})");
            else throw new CaptionFileException(path, clip.Line, $"'{clip.Name}' has no caption");
        return clips;
    }

    void Add(string path, ClipRow row, DataFindings? findings)
    {
        Sounds.Add(row.Sound);
        foreach (string caption in row.Captions)
        {
            int line = _given.GetValueOrDefault((row.CaptionId, caption), row.Line);
            _given[(row.CaptionId, caption)] = line;
            if (line == row.Line) Captions.Add(caption);
            else if (findings is not null) findings.Add(DataProblem.DuplicateFileName, $"{Name} (lines {line} and {row.Line})");
            else
                throw new CaptionFileException(path, row.Line,
                    $"'{Name}' was already given with this caption in line {line}; give each of its captions once");
        }
    }
}
