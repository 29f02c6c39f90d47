using CsvHelper;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>
/// Caption files as people have them: rows of <c>file_name,caption_1,…</c> (Clotho), <c>audiocap_id,youtube_id,start_time,caption</c>
/// (AudioCaps), WavCaps' JSON and JSON Lines. CSV may have commas, semicolons or tabs; all may be UTF-8 or UTF-16 with a byte order
/// mark. Rows of one clip are joined, blank cells are no captions, other columns are ignored. The command line's README lists the rules.
/// </summary>
public static class CaptionCsv
{
    const string FileNameColumn = "file_name";
    const string CaptionColumn = "caption";
    const int MissingFilesListed = 5;

    /// <summary>Reads clips with their captions.</summary>
    /// <param name="audioFolder">Folder of the sounds; every clip must have one.</param>
    /// <param name="findings">Gets absent sounds, clips without captions, and captions or sounds given twice, which are
    /// then left out; null: they are errors.</param>
    /// <param name="groupColumn">Column that names a clip's group; null: clips have none.</param>
    /// <exception cref="CaptionFileException">The table is of no known layout, a row malformed, a clip without caption, a caption or
    /// sound given twice, a sound file absent, or two fit one clip.</exception>
    /// <exception cref="FileReadException">The caption file or the folder cannot be read.</exception>
    public static Dataset Read(string path, string audioFolder, DataFindings? findings = null, string? groupColumn = null)
    {
        if (!Directory.Exists(audioFolder))
            throw new FileReadException(audioFolder, "no such folder; --audio names the folder that holds the sound files");
        var clips = GatheredClip.ReadAll(path, findings, groupColumn);
        var folder = new SoundFolder(audioFolder);
        var found = new List<Clip>();
        var missing = new List<GatheredClip>();
        var clipOfSound = new Dictionary<string, Clip>(StringComparer.Ordinal);
        foreach (var clip in clips)
        {
            if (FindSound(path, folder, clip) is not { } sound)
            {
                missing.Add(clip);
                continue;
            }
            var read = new Clip(clip.Name, sound, clip.Captions, clip.Line, clip.Group);
            if (clipOfSound.TryAdd(Path.GetFullPath(sound), read)) found.Add(read);
            else Twice(path, clipOfSound[Path.GetFullPath(sound)], read, findings);
        }
        if (findings is null && missing.Count > 0)
        {
            string listed = string.Join(", ", missing.Take(MissingFilesListed).Select(clip => Absent(folder, clip)));
            throw new CaptionFileException(path, missing[0].Line,
                $"{missing.Count} of {clips.Count} sound files are not in {audioFolder}: "
                    + $"{listed}{(missing.Count > MissingFilesListed ? ", …" : "")}{Tried(missing[0])}");
        }
        foreach (var clip in missing) findings!.Add(DataProblem.MissingFile, Absent(folder, clip) + Tried(clip));
        return new Dataset(path, [.. found.Where(clip => clip.Captions.Count > 0)]);
    }

    /// <summary>The captions alone: the sound files need not be there.</summary>
    /// <param name="audioFolder">Folder in which the sounds are said to lie.</param>
    /// <param name="groupColumn">Column that names a clip's group; null: clips have none.</param>
    /// <exception cref="CaptionFileException">The table is of no known layout, a row malformed, a clip without caption, or a caption
    /// given twice.</exception>
    /// <exception cref="FileReadException">The caption file cannot be read.</exception>
    public static Dataset ReadCaptions(string path, string audioFolder, string? groupColumn = null) =>
        new(path, [.. GatheredClip.ReadAll(path, findings: null, groupColumn)
            .Select(clip => new Clip(clip.Name, Path.Combine(audioFolder, clip.Name), clip.Captions, clip.Line, clip.Group))]);

    /// <summary>
    /// Writes clips in Clotho's layout, durably, with as many caption columns as any clip has
    /// captions; other clips leave the last ones empty.
    /// </summary>
    /// <exception cref="OptionException">A clip has no caption: <see cref="Read"/> would refuse the file.</exception>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public static void Write(string path, IEnumerable<Clip> clips)
    {
        Clip[] rows = [.. clips];
        if (rows.FirstOrDefault(clip => clip.Captions.Count == 0) is { } mute)
            throw new OptionException($"{path}: '{mute.FileName}' has no caption; a caption file takes clips with one caption or more");
        int columns = rows.Select(clip => clip.Captions.Count).DefaultIfEmpty(1).Max();
        DurableFile.WriteAtomic(path, stream =>
        {
            using var csv = CsvWriter.Create(stream, CsvWriterOptions.Default with { NewLine = "\n" }, leaveOpen: true);
            csv.WriteField(FileNameColumn);
            for (int i = 1; i <= columns; i++) csv.WriteField($"{CaptionColumn}_{i}");
            csv.EndRecord();
            foreach (var clip in rows)
            {
                csv.WriteField(clip.FileName);
                for (int i = 0; i < columns; i++) csv.WriteField(i < clip.Captions.Count ? clip.Captions[i] : "");
                csv.EndRecord();
            }
        });
    }

    /// <summary>The file of a clip's first row that has one; null where none has.</summary>
    static string? FindSound(string path, SoundFolder folder, GatheredClip clip)
    {
        foreach (var names in clip.Sounds)
        {
            var found = folder.Find(names);
            if (found.Count > 1)
                throw new CaptionFileException(path, clip.Line,
                    $"{found.Count} files fit '{clip.Name}': {string.Join(" and ", found)}; leave one of them in the folder");
            if (found.Count == 1) return found[0];
        }
        return null;
    }

    static void Twice(string path, Clip first, Clip second, DataFindings? findings)
    {
        if (findings is null)
            throw new CaptionFileException(path, second.Line,
                $"'{second.FileName}' and '{first.FileName}' (line {first.Line}) are the same file, {first.AudioPath}; "
                    + "give a clip one name and one start");
        findings.Add(DataProblem.DuplicateFileName,
            $"{second.FileName} (line {second.Line}) and {first.FileName} (line {first.Line}) are the same file");
    }

    static string Absent(SoundFolder folder, GatheredClip clip)
    {
        string near = string.Join(" or ", clip.Sounds.SelectMany(folder.Near).Distinct());
        return $"{clip.Name} (line {clip.Line}{(near.Length > 0 ? $"; {near} is in the folder; did you mean it?" : "")})";
    }

    /// <summary>The names that were looked for, where they are not the clip's own.</summary>
    static string Tried(GatheredClip clip)
    {
        string[] stems = [.. clip.Sounds.SelectMany(names => names.Stems).Distinct()];
        string[] paths = [.. clip.Sounds.SelectMany(names => names.Paths).Where(name => name != clip.Name).Distinct()];
        return stems.Length + paths.Length == 0 ? ""
            : $"; looked for {string.Join(", ", paths.Concat(stems))}, these with any extension of a sound, in it and below";
    }
}
