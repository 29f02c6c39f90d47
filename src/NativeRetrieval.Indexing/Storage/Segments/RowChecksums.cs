using System.Buffers.Binary;
using System.Numerics;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>CRC-32C of rows as they lie in a segment, and the one number that stands for all rows of a segment in their order.</summary>
internal static unsafe class RowChecksums
{
    /// <summary>
    /// The <see cref="Crc32C"/> of each of consecutive rows. Four at a time: one alone waits three cycles for each step of its
    /// instruction.
    /// </summary>
    /// <param name="strideBytes">Bytes of a row, a multiple of 64.</param>
    public static void Of(byte* rows, int strideBytes, Span<uint> checksums)
    {
        int row = 0, words = strideBytes / 8;
        if (BitConverter.IsLittleEndian)
            for (; row + 4 <= checksums.Length; row += 4)
            {
                ulong* a = (ulong*)(rows + (long)row * strideBytes), b = a + words, c = b + words, d = c + words;
                uint x = uint.MaxValue, y = x, z = x, w = x;
                for (int i = 0; i < words; i++)
                {
                    x = BitOperations.Crc32C(x, a[i]);
                    y = BitOperations.Crc32C(y, b[i]);
                    z = BitOperations.Crc32C(z, c[i]);
                    w = BitOperations.Crc32C(w, d[i]);
                }
                (checksums[row], checksums[row + 1], checksums[row + 2], checksums[row + 3]) = (~x, ~y, ~z, ~w);
            }
        for (; row < checksums.Length; row++)
            checksums[row] = Crc32C.Of(new ReadOnlySpan<byte>(rows + (long)row * strideBytes, strideBytes));
    }

    /// <summary>The number for rows that stand after those of <paramref name="sum"/>; 0 stands for no rows.</summary>
    public static uint Extend(uint sum, ReadOnlySpan<uint> checksums)
    {
        Span<byte> link = stackalloc byte[8];
        foreach (uint checksum in checksums)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(link, sum);
            BinaryPrimitives.WriteUInt32LittleEndian(link[4..], checksum);
            sum = Crc32C.Of(link);
        }
        return sum;
    }
}
