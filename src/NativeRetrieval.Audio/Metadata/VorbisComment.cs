using System.Buffers.Binary;
using System.Text;
using NativeRetrieval.Audio.Decoding.Ogg;

namespace NativeRetrieval.Audio.Metadata;

/// <summary>Comments of Ogg Vorbis, Opus, Speex and FLAC: <c>NAME=value</c> in UTF-8 (Vorbis I, section 5; RFC 7845, 5.2).</summary>
internal static class VorbisComment
{
    const int FlacCommentBlock = 4, MostBlocks = 1_000, MostPages = 200;

    public static void ReadFlac(TagReader file, long start, TagCollector tags)
    {
        long at = start + 4;
        for (int block = 0; block < MostBlocks; block++)
        {
            byte[] header = file.Read(at, 4);
            if (header.Length < 4) return;
            int bytes = header[1] << 16 | header[2] << 8 | header[3];
            if ((header[0] & 0x7F) == FlacCommentBlock) Read(file.Read(at + 4, Math.Min(bytes, TagCollector.LargestTotal)), tags);
            if ((header[0] & 0x80) != 0) return;
            at += 4 + bytes;
        }
    }

    /// <summary>The second packet of the first stream whose first packet is that of a known codec.</summary>
    public static void ReadOgg(TagReader file, long start, TagCollector tags)
    {
        var packet = new List<byte>();
        uint? serial = null;
        int skip = 0, packets = 0;
        long at = start;
        for (int number = 0; number < MostPages; number++)
        {
            byte[] header = file.Read(at, OggPage.LargestHeaderBytes);
            if (!OggPage.TryParse(header, out var page)) return;
            int segments = header[OggPage.FixedBytes - 1], body = OggPage.FixedBytes + segments;
            byte[] bytes = file.Read(at + body, page.SizeBytes - body);
            at += page.SizeBytes;
            if (page.IsFirst && serial is null && SkipOf(bytes) is { } known) (serial, skip) = (page.Serial, known);
            if (page.Serial != serial) continue;
            int offset = 0;
            foreach (byte lacing in header.AsSpan(OggPage.FixedBytes, segments))
            {
                if (packets == 1)
                {
                    if (offset + lacing > bytes.Length || packet.Count + lacing > TagCollector.LargestTotal)
                    {
                        tags.Note("its Ogg comments are cut off or too large; the rest is left out");
                        Read(packet.ToArray().AsSpan(Math.Min(skip, packet.Count)), tags);
                        return;
                    }
                    packet.AddRange(bytes.AsSpan(offset, lacing));
                }
                offset += lacing;
                if (lacing == 255) continue;
                if (++packets == 2)
                {
                    Read(packet.ToArray().AsSpan(Math.Min(skip, packet.Count)), tags);
                    return;
                }
            }
        }
    }

    /// <summary>Bytes in front of the comments in a codec's second packet; null: no codec that is known here.</summary>
    static int? SkipOf(ReadOnlySpan<byte> first) =>
        first.StartsWith("\u0001vorbis"u8) ? 7 : first.StartsWith("OpusHead"u8) ? 8 : first.StartsWith("Speex   "u8) ? 0
        : first.StartsWith("\u007FFLAC"u8) ? 4 : null;

    static void Read(ReadOnlySpan<byte> bytes, TagCollector tags)
    {
        if (!TryTake(ref bytes, out _) || bytes.Length < 4)
        {
            tags.Note("its comments are damaged");
            return;
        }
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        bytes = bytes[4..];
        for (uint i = 0; i < count && !tags.IsFull; i++)
        {
            if (!TryTake(ref bytes, out var comment))
            {
                tags.Note("its comments are damaged");
                return;
            }
            int equals = comment.IndexOf((byte)'=');
            if (equals <= 0 || equals > 100) continue;
            string name = Encoding.ASCII.GetString(comment[..equals]);
            // Pictures, which are no text, stand here as base64.
            if (name.Contains("PICTURE", StringComparison.OrdinalIgnoreCase) || name.StartsWith("COVERART",
                StringComparison.OrdinalIgnoreCase))
                continue;
            if (comment.Length > TagCollector.LargestField) tags.Note($"its comment {name} has {comment.Length:N0} bytes and is left out");
            else tags.Add(name, TagCollector.Text(comment[(equals + 1)..]));
        }
    }

    /// <summary>Takes what a length of 32 bits counts; false where it is not there.</summary>
    static bool TryTake(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (bytes.Length < 4) return false;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (length > bytes.Length - 4) return false;
        taken = bytes.Slice(4, (int)length);
        bytes = bytes[(4 + (int)length)..];
        return true;
    }
}
