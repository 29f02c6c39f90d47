using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Training.Data;

/// <summary>Writes held-out clips as a caption file that <c>evaluate</c> reads.</summary>
internal static class HoldOutCsv
{
    /// <summary>
    /// The deepest folder that holds the sounds of all clips; file names in the file are relative to it,
    /// so that those of several folders stay apart.
    /// </summary>
    public static string AudioFolder(Dataset data)
    {
        var folders = data.Clips.Select(Folder).Distinct(StringComparer.Ordinal).ToList();
        string common = folders[0];
        while (folders.Any(folder => !IsWithin(folder, common)))
            common = Path.GetDirectoryName(common)
                ?? throw new OptionException($"{data.Path}: the sounds lie in folders without a common one above them; "
                    + "data.hold_out_clips needs one");
        return common;
    }

    public static void Write(string path, Dataset data)
    {
        string folder = AudioFolder(data);
        CaptionCsv.Write(path,
            data.Clips.Select(clip => clip with { FileName = Path.GetRelativePath(folder, clip.AudioPath).Replace('\\', '/') }));
    }

    /// <summary>The audio folder that the clip was read with.</summary>
    static string Folder(Clip clip)
    {
        string full = Path.GetFullPath(clip.AudioPath);
        bool named = full.EndsWith(clip.FileName, StringComparison.Ordinal) && full.Length > clip.FileName.Length;
        return Path.TrimEndingDirectorySeparator(named ? full[..^clip.FileName.Length] : Path.GetDirectoryName(full)!);
    }

    static bool IsWithin(string folder, string above) =>
        folder == above || folder.StartsWith(WithSeparator(above), StringComparison.Ordinal);

    static string WithSeparator(string folder) => Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar;
}
