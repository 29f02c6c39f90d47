using NativeRetrieval.Core.Errors;
using NativeRetrieval.Models;

namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>A folder's <c>SHA256SUMS</c>, in the format of sha256sum: the checksum, two spaces, the path in the folder.</summary>
public static class ChecksumList
{
    /// <summary>Name of the list in its folder.</summary>
    public const string FileName = FolderSums.Name;

    /// <summary>Writes the list of a folder, sorted by path.</summary>
    /// <param name="files">Path in the folder, with forward slashes, and SHA-256 in lower-case hex.</param>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public static void Write(string folder, IEnumerable<(string Name, string Sha256)> files) =>
        FolderSums.Write(folder, files.OrderBy(file => file.Name, StringComparer.Ordinal));

    /// <summary>Reads the list of a folder; no file but the list is read.</summary>
    /// <returns>Checksum by path in the folder; empty where the folder has no list.</returns>
    /// <exception cref="CorruptFileException">The list is damaged.</exception>
    public static IReadOnlyDictionary<string, string> Read(string folder)
    {
        var sums = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, sum) in FolderSums.Read(folder)) sums[name] = sum;
        return sums;
    }

    /// <summary>Reads every listed file and compares it with its checksum.</summary>
    /// <returns>One line for each file that is absent or has another content; none: the folder is intact.</returns>
    /// <exception cref="FileReadException">The folder has no list.</exception>
    public static IReadOnlyList<string> Verify(string folder, CancellationToken cancellation = default)
    {
        var sums = Read(folder);
        if (sums.Count == 0)
            throw new FileReadException(Path.Combine(folder, FileName), "there is no such list; only folders that this program wrote can "
                + "be verified");
        var problems = new List<string>();
        foreach (var (name, expected) in sums)
        {
            string path = Path.Combine(folder, name);
            if (!File.Exists(path)) problems.Add($"{path}: is listed in {FileName} but absent");
            else if (FileDigest.Of(path, cancellation).Sha256 is var found && found != expected)
                problems.Add($"{path}: SHA-256 expected {expected}, got {found}");
        }
        return problems;
    }
}
