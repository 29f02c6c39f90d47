using System.Buffers.Binary;

namespace NativeRetrieval.Audio.Decoding.Ogg;

/// <summary>
/// The size of the tables that a Vorbis stream's headers ask for (Vorbis I, 3.2.1). NVorbis makes them without asking whether they can be
/// real, so a few hostile bytes would take gigabytes.
/// </summary>
internal static class VorbisHeaders
{
    /// <summary>Entries times dimensions of all codebooks together; those of real encoders have less than a tenth.</summary>
    const long LargestTables = 1 << 22;

    const int LargestHeaders = 1 << 20, CodebookHeaderBytes = 8;
    const uint CodebookMark = 0x564342;

    /// <summary>True where the tables of a Vorbis stream are of a sane size. Leaves the position at the stream's start.</summary>
    public static bool AreSane(Stream stream)
    {
        byte[] headers = Read(stream);
        stream.Position = 0;
        long tables = 0;
        // Codebooks begin at any bit; their mark has 24.
        for (int bit = 0; bit < 8 * (headers.Length - CodebookHeaderBytes) && tables <= LargestTables; bit++)
        {
            ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(headers.AsSpan(bit >> 3)) >> (bit & 7);
            if ((bits & 0xFFFFFF) != CodebookMark) continue;
            ulong rest = bits >> 24 | (ulong)headers[(bit >> 3) + 8] << (40 - (bit & 7));
            long dimensions = (long)(rest & 0xFFFF), entries = (long)(rest >> 16 & 0xFFFFFF);
            tables += entries * Math.Max(1, dimensions);
        }
        return tables <= LargestTables;
    }

    /// <summary>The bodies of the pages before the first sound, one behind the other.</summary>
    static byte[] Read(Stream stream)
    {
        using var bodies = new MemoryStream();
        Span<byte> header = stackalloc byte[OggPage.LargestHeaderBytes];
        byte[] page = [];
        for (long position = 0; bodies.Length < LargestHeaders; position += page.Length)
        {
            stream.Position = position;
            int read = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
            if (!OggPage.TryParse(header[..read], out var found)) break;
            page = new byte[found.SizeBytes];
            stream.Position = position;
            if (stream.ReadAtLeast(page, page.Length, throwOnEndOfStream: false) < page.Length) break;
            bodies.Write(page.AsSpan(OggPage.FixedBytes + page[OggPage.FixedBytes - 1]));
            if (found.GranulePosition > 0) break;
        }
        return bodies.ToArray();
    }
}
