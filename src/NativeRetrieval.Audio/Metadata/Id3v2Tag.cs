using System.Buffers.Binary;
using System.Text;

namespace NativeRetrieval.Audio.Metadata;

/// <summary>Text frames, comments and user text of ID3 versions 2.2, 2.3 and 2.4 (id3.org).</summary>
internal static class Id3v2Tag
{
    const int HeaderBytes = 10;

    /// <param name="position">Place of the tag's header.</param>
    /// <param name="size">Bytes of the whole tag as its header says.</param>
    public static void Read(TagReader file, long position, long size, TagCollector tags)
    {
        byte[] header = file.Read(position, HeaderBytes);
        if (header.Length < HeaderBytes) return;
        int version = header[3], flags = header[5];
        if (version is < 2 or > 4)
        {
            tags.Note($"its ID3 tag is of version 2.{version}, which is not read");
            return;
        }
        long at = position + HeaderBytes, end = Math.Min(position + size, file.Length);
        if (position + size > file.Length) tags.Note("its ID3 tag claims more bytes than the file has");
        bool wholeTagUnsynchronised = (flags & 0x80) != 0 && version < 4;
        if ((flags & 0x40) != 0 && version > 2)
        {
            byte[] extended = file.Read(at, 4);
            if (extended.Length < 4) return;
            at += version == 4 ? Synchsafe(extended) : BinaryPrimitives.ReadUInt32BigEndian(extended) + 4L;
        }
        int frameHeader = version == 2 ? 6 : HeaderBytes;
        while (at + frameHeader <= end && !tags.IsFull)
        {
            byte[] frame = file.Read(at, frameHeader);
            if (frame.Length < frameHeader || frame[0] == 0) return;
            var id = frame.AsSpan(0, version == 2 ? 3 : 4);
            if (id.ContainsAnyExceptInRange((byte)'0', (byte)'Z'))
            {
                tags.Note("its ID3 tag is damaged");
                return;
            }
            long bytes = version switch
            {
                2 => frame[3] << 16 | frame[4] << 8 | frame[5],
                3 => BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(4)),
                _ => Synchsafe(frame.AsSpan(4)),
            };
            at += frameHeader;
            if (at + bytes > end)
            {
                tags.Note("its ID3 tag is damaged: a frame is longer than the tag");
                return;
            }
            string name = Encoding.ASCII.GetString(id);
            if (name[0] == 'T' || name is "COMM" or "COM")
            {
                if (bytes > TagCollector.LargestField) tags.Note($"its ID3 frame {name} has {bytes:N0} bytes and is left out");
                else Take(name, version, version == 2 ? (byte)0 : frame[9], file.Read(at, (int)bytes), wholeTagUnsynchronised, tags);
            }
            at += bytes;
        }
    }

    static void Take(string name, int version, byte form, byte[] body, bool isUnsynchronised, TagCollector tags)
    {
        bool isPacked = version == 4 ? (form & 0x0C) != 0 : (form & 0xC0) != 0;
        if (isPacked)
        {
            tags.Note($"its ID3 frame {name} is compressed or encrypted and is left out");
            return;
        }
        ReadOnlySpan<byte> bytes = body;
        if (version == 4 && (form & 1) != 0 && bytes.Length >= 4) bytes = bytes[4..];
        if (isUnsynchronised || (version == 4 && (form & 2) != 0)) bytes = Synchronised(bytes);
        if (bytes.Length < 2) return;
        byte encoding = bytes[0];
        if (encoding > 3) return;
        bool isComment = name is "COMM" or "COM";
        if (isComment && bytes.Length < 4) return;
        string[] parts = Decode(bytes[(isComment ? 4 : 1)..], encoding).Split('\0');
        if (isComment || name is "TXXX" or "TXX")
        {
            // A description or the field's name comes first. Comments of players are numbers, not words.
            string label = parts[0];
            if (label.StartsWith("iTun", StringComparison.Ordinal)) return;
            foreach (string value in parts.Skip(1)) tags.Add(isComment ? "COMM" : label.Length > 0 ? label : "TXXX", value);
            return;
        }
        foreach (string value in parts) tags.Add(name, value);
    }

    static string Decode(ReadOnlySpan<byte> bytes, byte encoding)
    {
        switch (encoding)
        {
            case 0: return Encoding.Latin1.GetString(bytes);
            case 3: return Encoding.UTF8.GetString(bytes);
            case 2: return Encoding.BigEndianUnicode.GetString(bytes);
        }
        // Each string of a frame has its own mark of the byte order; without one it is taken to be little-endian.
        var utf16 = bytes.Length >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF ? Encoding.BigEndianUnicode : Encoding.Unicode;
        return utf16.GetString(bytes).Replace("\uFEFF", "", StringComparison.Ordinal);
    }

    /// <summary>The bytes without the zero that follows each 255 (id3v2.4.0, 6.1).</summary>
    static byte[] Synchronised(ReadOnlySpan<byte> bytes)
    {
        var plain = new List<byte>(bytes.Length);
        for (int i = 0; i < bytes.Length; i++)
        {
            plain.Add(bytes[i]);
            if (bytes[i] == 0xFF && i + 1 < bytes.Length && bytes[i + 1] == 0) i++;
        }
        return [.. plain];
    }

    static long Synchsafe(ReadOnlySpan<byte> bytes) =>
        (bytes[0] & 0x7FL) << 21 | (bytes[1] & 0x7FL) << 14 | (bytes[2] & 0x7FL) << 7 | (bytes[3] & 0x7FL);
}
