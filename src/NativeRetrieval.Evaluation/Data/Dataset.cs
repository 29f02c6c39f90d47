using System.Security.Cryptography;
using System.Text;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>One row of a caption file.</summary>
/// <param name="FileName">File name as the caption file has it: the clip's name in results and submissions.</param>
/// <param name="AudioPath">The sound file.</param>
/// <param name="Captions">Captions as written; none for a sound that is only ranked.</param>
/// <param name="Line">Line of the caption file, for messages; 0 where there is none.</param>
/// <param name="Group">Group of clips that are alike, for intervals; null: none was asked for.</param>
public sealed record Clip(string FileName, string AudioPath, IReadOnlyList<string> Captions, int Line, string? Group = null);

/// <summary>Clips with their captions, in the order of the caption file.</summary>
/// <param name="Path">The caption file; several, separated by commas, where they were joined.</param>
public sealed record Dataset(string Path, IReadOnlyList<Clip> Clips)
{
    /// <summary>Captions of all clips together.</summary>
    public int CaptionCount => Clips.Sum(clip => clip.Captions.Count);

    /// <summary>
    /// SHA-256 (lower-case hex) over file names and captions in order. A run remembers it, so that it is not resumed on other data;
    /// where the files lie does not enter.
    /// </summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var clip in Clips)
        {
            AppendText(hash, clip.FileName);
            hash.AppendData(BitConverter.GetBytes(clip.Captions.Count));
            foreach (string caption in clip.Captions) AppendText(hash, caption);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>All clips of several data sets, in their order. Equal file names in different folders are different clips.</summary>
    /// <exception cref="CaptionFileException">Two of them name the same sound file.</exception>
    public static Dataset Join(IReadOnlyList<Dataset> parts)
    {
        if (parts.Count == 1) return parts[0];
        var seen = new Dictionary<string, (string Path, int Line)>(StringComparer.Ordinal);
        foreach (var part in parts)
            foreach (var clip in part.Clips)
                if (!seen.TryAdd(System.IO.Path.GetFullPath(clip.AudioPath), (part.Path, clip.Line)))
                {
                    var (path, line) = seen[System.IO.Path.GetFullPath(clip.AudioPath)];
                    throw new CaptionFileException(part.Path, clip.Line,
                        $"'{clip.FileName}' is in {path} line {line}, too; put all captions of a clip in one row of one file");
                }
        return new Dataset(string.Join(", ", parts.Select(part => part.Path)), [.. parts.SelectMany(part => part.Clips)]);
    }

    static void AppendText(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}
