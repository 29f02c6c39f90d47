using System.Security.Cryptography;
using System.Text;

namespace NativeRetrieval.Training.Data;

/// <summary>Clips with their captions, in the order of the caption file.</summary>
/// <param name="Path">The caption file.</param>
public sealed record Dataset(string Path, IReadOnlyList<Clip> Clips)
{
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

    static void AppendText(IncrementalHash hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(bytes.Length));
        hash.AppendData(bytes);
    }
}
