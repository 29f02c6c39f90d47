using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>A folder's <c>SHA256SUMS</c>, in the format of sha256sum: the checksum, two spaces, the path in the folder.</summary>
public static class ChecksumList
{
    public const string FileName = "SHA256SUMS";

    public static void Write(string folder, IEnumerable<(string Name, string Sha256)> files)
    {
        var text = new StringBuilder();
        foreach (var (name, sum) in files.OrderBy(file => file.Name, StringComparer.Ordinal)) text.Append(sum).Append("  ").Append(name).Append('\n');
        DurableFile.WriteAllText(Path.Combine(folder, FileName), text.ToString());
    }

    /// <returns>Checksum by path in the folder; empty where the folder has no list.</returns>
    /// <exception cref="CorruptFileException">The list is damaged.</exception>
    public static IReadOnlyDictionary<string, string> Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        var sums = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!File.Exists(path)) return sums;
        foreach (string line in File.ReadLines(path))
        {
            string[] parts = line.Split("  ", 2);
            if (parts.Length != 2 || Path.IsPathRooted(parts[1]) || parts[1].Split('/', '\\').Contains("..")) throw new CorruptFileException(path, $"'{line}' is not a checksum line");
            sums[parts[1]] = parts[0];
        }
        return sums;
    }

    /// <summary>Reads every listed file.</summary>
    /// <returns>One line for each file that is absent or has another content; none: the folder is intact.</returns>
    /// <exception cref="FileReadException">The folder has no list.</exception>
    public static IReadOnlyList<string> Verify(string folder, CancellationToken cancellation = default)
    {
        var sums = Read(folder);
        if (sums.Count == 0) throw new FileReadException(Path.Combine(folder, FileName), "there is no such list; only folders that this program wrote can be verified");
        var problems = new List<string>();
        foreach (var (name, expected) in sums)
        {
            string path = Path.Combine(folder, name);
            if (!File.Exists(path)) problems.Add($"{path}: is listed in {FileName} but absent");
            else if (FileDigest.Of(path, cancellation).Sha256 is var found && found != expected) problems.Add($"{path}: SHA-256 expected {expected}, got {found}");
        }
        return problems;
    }
}
