using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Models;

/// <summary><c>SHA256SUMS</c>: the checksums of a folder's files, as <c>sha256sum -c</c> reads them.</summary>
internal static class FolderSums
{
    const string Name = "SHA256SUMS";

    /// <param name="names">The files that are listed, in this order; all must be there.</param>
    public static void Write(string folder, params string[] names)
    {
        var sums = new StringBuilder();
        foreach (string name in names) sums.Append(FileHash.Sha256(Path.Combine(folder, name))).Append("  ").Append(name).Append('\n');
        DurableFile.WriteAllText(Path.Combine(folder, Name), sums.ToString());
    }

    /// <summary>Checks every listed file; a folder without the list passes.</summary>
    /// <exception cref="CorruptFileException">A file is absent or has another checksum, or the list is none.</exception>
    public static void Verify(string folder)
    {
        string path = Path.Combine(folder, Name);
        if (!File.Exists(path)) return;
        foreach (string line in File.ReadLines(path))
        {
            string[] parts = line.Split("  ", 2);
            if (parts.Length != 2 || parts[1] != Path.GetFileName(parts[1]))
                throw new CorruptFileException(path, $"'{line}' is not a checksum line");
            string file = Path.Combine(folder, parts[1]);
            if (!File.Exists(file)) throw new CorruptFileException(file, $"is listed in {Name} but absent");
            if (FileHash.Sha256(file) != parts[0])
                throw new CorruptFileException(file,
                    $"does not have the checksum that {Name} lists; restore it, or delete {Name} if the change is yours");
        }
    }
}
