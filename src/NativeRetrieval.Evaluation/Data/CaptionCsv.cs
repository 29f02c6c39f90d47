using System.Globalization;
using CsvHelper;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>
/// Caption files in the layouts of Clotho (<c>file_name,caption_1,…,caption_5</c>) and AudioCaps
/// (<c>file_name,caption</c>): UTF-8 CSV with a header, one clip per row, any number of caption columns, of which a clip may
/// leave the last ones empty. Other columns are ignored.
/// </summary>
public static class CaptionCsv
{
    const string FileNameColumn = "file_name";
    const string CaptionColumn = "caption";
    const int MissingFilesListed = 5;

    /// <summary>Reads clips with their captions.</summary>
    /// <param name="audioFolder">Folder in which the files of column <c>file_name</c> lie; every one of them must exist.</param>
    /// <param name="findings">Gets absent sounds, empty captions and names given twice, which are
    /// then left out; null: they are errors.</param>
    /// <exception cref="CaptionFileException">A column is missing, a caption empty, a file name given twice, a sound
    /// file absent, or the text is not CSV.</exception>
    /// <exception cref="FileReadException">The caption file or the folder cannot be read.</exception>
    public static Dataset Read(string path, string audioFolder, DataFindings? findings = null)
    {
        if (!Directory.Exists(audioFolder))
            throw new FileReadException(audioFolder, "no such folder; --audio names the folder that holds the sound files");
        var clips = ReadRows(path, audioFolder, findings);
        if (findings is not null)
        {
            foreach (var clip in clips.Where(clip => !File.Exists(clip.AudioPath)))
                findings.Add(DataProblem.MissingFile, $"{clip.FileName} (line {clip.Line})");
            return new Dataset(path, [.. clips.Where(clip => clip.Captions.Count > 0 && File.Exists(clip.AudioPath))]);
        }
        var missing = clips.Where(clip => !File.Exists(clip.AudioPath)).ToList();
        if (missing.Count > 0)
        {
            string listed = string.Join(", ", missing.Take(MissingFilesListed).Select(clip => $"{clip.FileName} (line {clip.Line})"));
            throw new CaptionFileException(path, missing[0].Line,
                $"{missing.Count} of {clips.Count} sound files are not in {audioFolder}: "
                    + $"{listed}{(missing.Count > MissingFilesListed ? ", …" : "")}");
        }
        return new Dataset(path, clips);
    }

    /// <summary>The captions alone: the sound files need not be there.</summary>
    /// <param name="audioFolder">Folder in which the files of column <c>file_name</c> are said to lie.</param>
    /// <exception cref="CaptionFileException">A column is missing, a caption empty, a file name
    /// given twice, or the text is not CSV.</exception>
    /// <exception cref="FileReadException">The caption file cannot be read.</exception>
    public static Dataset ReadCaptions(string path, string audioFolder) => new(path, ReadRows(path, audioFolder, findings: null));

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

    static List<Clip> ReadRows(string path, string audioFolder, DataFindings? findings)
    {
        using var csv = CsvText.Open(path);
        try
        {
            string[] header = [.. csv.Headers.Select(name => name.Trim())];
            if (header.All(name => name.Length == 0))
                throw new CaptionFileException(path, 1, "the file is empty; expected a header such as file_name,caption_1,caption_2");
            int nameColumn = FindNameColumn(path, header);
            int[] captionColumns = FindCaptionColumns(path, header);

            var clips = new List<Clip>();
            var lineOfName = new Dictionary<string, int>(StringComparer.Ordinal);
            while (csv.Read())
            {
                int line = (int)csv.LineNumber;
                var clip = ReadClip(path, audioFolder, csv, header.Length, nameColumn, captionColumns, line, findings);
                if (!lineOfName.TryAdd(clip.FileName, line))
                {
                    if (findings is not null)
                    {
                        findings.Add(DataProblem.DuplicateFileName, $"{clip.FileName} (lines {lineOfName[clip.FileName]} and {line})");
                        continue;
                    }
                    throw new CaptionFileException(path, line,
                        $"file name '{clip.FileName}' was already given in line {lineOfName[clip.FileName]}; "
                        + "put all captions of a clip in one row");
                }
                clips.Add(clip);
            }
            return clips.Count > 0 ? clips : throw new CaptionFileException(path, 2, "there is a header but no clip");
        }
        catch (CsvFormatException error)
        {
            throw new CaptionFileException(path, Math.Max(1, (int)error.LineNumber), error.Message, error);
        }
    }

    static int FindNameColumn(string path, string[] header)
    {
        int column = Array.IndexOf(header, FileNameColumn);
        return column >= 0 ? column
            : throw new CaptionFileException(path, 1, $"no column '{FileNameColumn}'; the columns are {string.Join(", ", header)}");
    }

    static int[] FindCaptionColumns(string path, string[] header)
    {
        var numbered = new SortedDictionary<int, int>();
        for (int column = 0; column < header.Length; column++)
            if (CaptionNumber(header[column]) is { } number && !numbered.TryAdd(number, column))
                throw new CaptionFileException(path, 1,
                    $"two columns hold caption {number}: '{header[numbered[number]]}' and '{header[column]}'");
        return numbered.Count > 0
            ? [.. numbered.Values]
            : throw new CaptionFileException(path, 1,
                $"no column '{CaptionColumn}' or '{CaptionColumn}_1'; the columns are {string.Join(", ", header)}");
    }

    /// <summary><c>caption</c> and <c>caption_1</c> are the first; null for other columns.</summary>
    static int? CaptionNumber(string column) =>
        column == CaptionColumn ? 1
        : column.StartsWith(CaptionColumn + "_", StringComparison.Ordinal)
          && int.TryParse(column.AsSpan(CaptionColumn.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
        : null;

    static Clip ReadClip(string path, string audioFolder, CsvReader row, int columns, int nameColumn, int[] captionColumns, int line,
        DataFindings? findings)
    {
        if (row.FieldCount != columns)
            throw new CaptionFileException(path, line,
                $"{row.FieldCount} fields, the header has {columns}; a caption with a comma or a line break needs \"quotes\"");
        string name = row.GetString(nameColumn);
        if (string.IsNullOrWhiteSpace(name)) throw new CaptionFileException(path, line, $"'{FileNameColumn}' is empty");
        if (Path.IsPathRooted(name) || name.Split('/', '\\').Contains(".."))
            throw new CaptionFileException(path, line, $"file name '{name}' must lie inside the audio folder");
        int count = captionColumns.Length;
        while (count > 1 && string.IsNullOrWhiteSpace(row.GetString(captionColumns[count - 1]))) count--;
        var captions = new List<string>(count);
        for (int i = 0; i < count; i++)
        {
            string caption = row.GetString(captionColumns[i]);
            if (!string.IsNullOrWhiteSpace(caption)) captions.Add(caption);
            else if (findings is not null) findings.Add(DataProblem.EmptyCaption, $"caption {i + 1} of {name} (line {line})");
            else throw new CaptionFileException(path, line, $"caption {i + 1} of '{name}' is empty");
        }
        return new Clip(name, Path.Combine(audioFolder, name), captions, line);
    }
}
