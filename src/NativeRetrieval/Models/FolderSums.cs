using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Models;

/// <summary><c>SHA256SUMS</c>: the checksums of a folder's files, as <c>sha256sum -c</c> reads them.</summary>
internal static class FolderSums
{
    public const string Name = "SHA256SUMS";

    /// <summary>Computes and writes the checksums of files.</summary>
    /// <param name="names">The files that are listed, in this order; all must be there.</param>
    public static void Write(string folder, params string[] names) =>
        Write(folder, names.Select(name => (name, FileHash.Sha256(Path.Combine(folder, name)))));

    /// <summary>Writes checksums that are known.</summary>
    /// <param name="files">Path in the folder, with forward slashes, and SHA-256 in lower-case hex.</param>
    public static void Write(string folder, IEnumerable<(string Name, string Sha256)> files)
    {
        var text = new StringBuilder();
        foreach (var (name, sum) in files) text.Append(sum).Append("  ").Append(name).Append('\n');
        DurableFile.WriteAllText(Path.Combine(folder, Name), text.ToString());
    }

    /// <summary>The listed files and their checksums, in the list's order; none where the folder has no list.</summary>
    /// <exception cref="CorruptFileException">A line is no checksum line, or names a file outside the folder.</exception>
    public static IEnumerable<(string Name, string Sha256)> Read(string folder)
    {
        string path = Path.Combine(folder, Name);
        if (!File.Exists(path)) yield break;
        foreach (var (number, line) in SmallFile.ReadLines(path, SmallFile.LargestTextBytes).Index())
        {
            string[] parts = line.Split("  ", 2);
            if (parts is not [{ Length: 64 }, { Length: > 0 }] || Path.IsPathRooted(parts[1]) || parts[1].Split('/', '\\').Contains(".."))
                throw new CorruptFileException(path, $"line {number + 1} is not a checksum line, which is 64 hexadecimal digits, "
                    + "two spaces and the path of a file in the folder");
            yield return (parts[1], parts[0]);
        }
    }

    /// <summary>Checks every listed file; a folder without the list passes.</summary>
    /// <returns>SHA-256 of the files that were checked, by their names in the list.</returns>
    /// <exception cref="CorruptFileException">A file is absent or has another checksum, or the list is none.</exception>
    public static IReadOnlyDictionary<string, string> Verify(string folder)
    {
        var verified = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, sum) in Read(folder))
        {
            string file = Path.Combine(folder, name);
            if (!File.Exists(file)) throw new CorruptFileException(file, $"is listed in {Name} but absent");
            if (FileHash.Sha256(file) != sum)
                throw new CorruptFileException(file,
                    $"does not have the checksum that {Name} lists; restore it, or delete {Name} if the change is yours");
            verified[name] = sum;
        }
        return verified;
    }
}
