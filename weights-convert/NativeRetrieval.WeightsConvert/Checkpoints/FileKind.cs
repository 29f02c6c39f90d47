using System.Buffers.Binary;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>Tells formats by their first bytes.</summary>
static class FileKind
{
    /// <summary>Number of bytes at the start of a file that are looked at.</summary>
    public const int HeadBytes = 512;

    const int TarMagicOffset = 257;

    public static bool IsZip(ReadOnlySpan<byte> head) => head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8);

    /// <summary>Protocol 2 and later; earlier ones have no sign.</summary>
    public static bool IsPickle(ReadOnlySpan<byte> head) => head.Length >= 2 && head[0] == 0x80 && head[1] <= 5;

    public static bool IsSafetensors(ReadOnlySpan<byte> head, long fileBytes) =>
        head.Length > 8 && head[8] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(head) is var length && length <= (ulong)fileBytes;

    /// <summary>Kind of a file that is no checkpoint, completing "it looks like".</summary>
    public static string Describe(ReadOnlySpan<byte> head)
    {
        var text = head.TrimStart(" \t\r\n\uFEFF"u8);
        if (head.StartsWith("version https://git-lfs"u8))
            return "a Git LFS pointer: the weights themselves were not fetched (git lfs pull)";
        if (text.StartsWith("<"u8)) return "a web page or XML: the download gave a page instead of the file";
        if (text.StartsWith("{"u8) || text.StartsWith("["u8)) return "JSON";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B])) return "a gzip file; unpack it first";
        if (head.StartsWith("BZh"u8) || head.StartsWith((ReadOnlySpan<byte>)[0xFD, .. "7zXZ"u8])
            || head.StartsWith((ReadOnlySpan<byte>)[.. "7z"u8, 0xBC, 0xAF]) || head.StartsWith("Rar!"u8))
            return "a compressed archive; unpack it first";
        if (head.Length > TarMagicOffset + 5 && head[TarMagicOffset..].StartsWith("ustar"u8))
            return "a tar archive; unpack it first, or, if PyTorch before 0.1.10 wrote it, load and save it once with PyTorch";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, .. "HDF"u8])) return "an HDF5 file (Keras); a PyTorch checkpoint is needed";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x93, .. "NUMPY"u8])) return "a NumPy array";
        if (!head.ContainsAnyExcept((byte)0)) return "zeros: the download or disk failed";
        return head.ContainsAnyInRange((byte)0, (byte)8) ? "no format that is known" : "text";
    }
}
