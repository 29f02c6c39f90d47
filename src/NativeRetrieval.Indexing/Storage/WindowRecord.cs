using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace NativeRetrieval.Indexing.Storage;

/// <summary>A window in the catalogue: its place in the file, and the CRC-32C of its row in the segment.</summary>
internal readonly record struct WindowRecord(double StartSeconds, double EndSeconds, uint RowChecksum)
{
    const int SizeBytes = 20;

    public static byte[] Encode(ReadOnlySpan<WindowRecord> windows)
    {
        byte[] bytes = new byte[checked(windows.Length * SizeBytes)];
        for (int i = 0; i < windows.Length; i++)
        {
            var at = bytes.AsSpan(i * SizeBytes, SizeBytes);
            BinaryPrimitives.WriteDoubleLittleEndian(at, windows[i].StartSeconds);
            BinaryPrimitives.WriteDoubleLittleEndian(at[8..], windows[i].EndSeconds);
            BinaryPrimitives.WriteUInt32LittleEndian(at[16..], windows[i].RowChecksum);
        }
        return bytes;
    }

    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out WindowRecord[]? windows)
    {
        windows = null;
        if (bytes.IsEmpty || bytes.Length % SizeBytes != 0) return false;
        windows = new WindowRecord[bytes.Length / SizeBytes];
        for (int i = 0; i < windows.Length; i++)
        {
            var at = bytes.Slice(i * SizeBytes, SizeBytes);
            windows[i] = new(
                BinaryPrimitives.ReadDoubleLittleEndian(at),
                BinaryPrimitives.ReadDoubleLittleEndian(at[8..]),
                BinaryPrimitives.ReadUInt32LittleEndian(at[16..]));
        }
        return true;
    }
}
