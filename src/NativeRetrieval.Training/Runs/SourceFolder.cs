using System.Security.Cryptography;
using System.Text;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Runs;

/// <summary>The folder of a pre-trained encoder.</summary>
static class SourceFolder
{
    /// <summary>SHA-256 over names and contents of the files that a model is read from: JSON, text, safetensors at its top.</summary>
    public static string Fingerprint(string folder)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in Directory.EnumerateFiles(folder)
            .Where(file => Path.GetExtension(file) is ".json" or ".txt" or ".safetensors").Order(StringComparer.Ordinal))
            all.AppendData(Encoding.UTF8.GetBytes($"{FileHash.Sha256(file)}  {Path.GetFileName(file)}\n"));
        return Convert.ToHexStringLower(all.GetHashAndReset());
    }
}
