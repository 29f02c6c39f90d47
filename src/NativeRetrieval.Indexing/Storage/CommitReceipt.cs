using System.Globalization;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>
/// A note of the last commit in a file of its own, written after it: a catalogue that is older than its receipt has lost its log, and one
/// with another id is that of another index. A run that ends between a commit and its receipt leaves an older receipt, which is no fault.
/// </summary>
/// <param name="Generation">Of the commit; <see cref="RepairUnderWay"/> while lost commits are made good.</param>
/// <param name="Files">Number of files then.</param>
internal sealed record CommitReceipt(Guid IndexId, long Generation, long Files)
{
    public const string FileName = "catalogue.receipt";
    public const long RepairUnderWay = long.MaxValue;
    const string Kind = "NRXRECEIPT1";
    const int MaxSizeBytes = 256;

    /// <summary>The receipt of a folder, or null if it has none.</summary>
    /// <exception cref="IndexCorruptException">It is something else, or damaged.</exception>
    public static CommitReceipt? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        byte[] bytes = new byte[MaxSizeBytes];
        int length;
        try
        {
            using var file = RegularFile.OpenRead(path);
            length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        string text = Encoding.ASCII.GetString(bytes, 0, length);
        if (text.Split(' ') is [Kind, var id, var generation, var files, _] && Guid.TryParseExact(id, "N", out var index)
            && long.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out long commit)
            && long.TryParse(files, NumberStyles.None, CultureInfo.InvariantCulture, out long count)
            && new CommitReceipt(index, commit, count) is var receipt && text == receipt.Text) return receipt;
        throw new IndexCorruptException(path, $"is damaged; {ReadSession.WayOut}");
    }

    /// <summary>Compares a catalogue with the receipt that was read before it.</summary>
    /// <exception cref="IndexCorruptException">It is another index's, or commits are lost.</exception>
    public static void Check(CommitReceipt? receipt, string folder, Guid indexId, CatalogueState state)
    {
        string path = Path.Combine(folder, FileName);
        // The creation of an index commits first, too.
        if (receipt is null && state.Generation > 0)
            throw new IndexCorruptException(path, "is missing: it tells whether the catalogue is the newest; was only a part of the folder "
                + $"copied? {ReadSession.WayOut}");
        if (receipt is null) return;
        if (receipt.IndexId != indexId)
            throw new IndexCorruptException(path,
                $"belongs to the index {receipt.IndexId:N}, the catalogue beside it to {indexId:N}: files of "
                + $"two indexes are mixed; put back the {Catalogue.FileName} that belongs here, or remove the folder and index the sounds "
                + "again");
        if (receipt.Generation == RepairUnderWay)
            throw new IndexCorruptException(path, "a repair of this index was begun and has not been finished; "
                + "run `nativeretrieval index` with all its sounds again");
        if (receipt.Generation > state.Generation)
            throw new IndexCorruptException(Path.Combine(folder, Catalogue.FileName), $"holds {state.Generation:N0} commits with "
                + $"{state.Files:N0} files, but {receipt.Generation:N0} were made, with {receipt.Files:N0} files: the log "
                + $"{Catalogue.FileName}-wal that held the last ones is gone, or an older {Catalogue.FileName} was put here; put the newer "
                + "one back, or run `nativeretrieval index` with all the sounds of this index");
    }

    public byte[] Bytes => Encoding.ASCII.GetBytes(Text);

    string Text
    {
        get
        {
            string fields = string.Create(CultureInfo.InvariantCulture, $"{Kind} {IndexId:N} {Generation} {Files} ");
            return string.Create(CultureInfo.InvariantCulture, $"{fields}{Crc32C.Of(Encoding.ASCII.GetBytes(fields)):x8}\n");
        }
    }
}
