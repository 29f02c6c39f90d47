using System.Buffers.Binary;
using System.Text;

namespace NativeRetrieval.TestSupport;

/// <summary>Sound files that hold little but tags, byte by byte.</summary>
public static class TaggedSounds
{
    public static byte[] Wav(params (string Id, byte[] Content)[] chunks)
    {
        byte[] format = [.. Little(1, 2), .. Little(1, 2), .. Little(8_000, 4), .. Little(8_000, 4), .. Little(1, 2), .. Little(8, 2)];
        byte[] body = [.. "WAVE"u8, .. Chunk("fmt ", format), .. Chunk("data", new byte[9]), .. chunks.SelectMany(chunk => Chunk(chunk.Id,
            chunk.Content))];
        return [.. "RIFF"u8, .. Little(body.Length, 4), .. body];
    }

    public static byte[] Chunk(string id, byte[] content, bool isBigEndian = false) =>
        [.. Encoding.ASCII.GetBytes(id), .. isBigEndian ? Big(content.Length, 4) : Little(content.Length, 4), .. content,
            .. new byte[content.Length % 2]];

    public static byte[] Info(params (string Id, string Text)[] fields) =>
        [.. "INFO"u8, .. fields.SelectMany(field => Chunk(field.Id, [.. Encoding.UTF8.GetBytes(field.Text), 0]))];

    public static byte[] Bext(string description, string originator)
    {
        byte[] chunk = new byte[602];
        Encoding.UTF8.GetBytes(description).CopyTo(chunk, 0);
        Encoding.UTF8.GetBytes(originator).CopyTo(chunk, 256);
        return chunk;
    }

    public static byte[] Aiff(params (string Id, string Text)[] chunks)
    {
        byte[] body = [.. "AIFF"u8, .. chunks.SelectMany(chunk => Chunk(chunk.Id, Encoding.UTF8.GetBytes(chunk.Text), isBigEndian: true))];
        return [.. "FORM"u8, .. Big(body.Length, 4), .. body];
    }

    /// <summary>An ID3 tag of version 2.2, 2.3 or 2.4.</summary>
    public static byte[] Id3(int version, params (string Name, byte[] Body)[] frames)
    {
        byte[] body = [.. frames.SelectMany(frame => (byte[])[.. Encoding.ASCII.GetBytes(frame.Name), .. version switch
        {
            2 => Big(frame.Body.Length, 3),
            3 => [.. Big(frame.Body.Length, 4), 0, 0],
            _ => [.. Synchsafe(frame.Body.Length), 0, 0],
        }, .. frame.Body]), .. new byte[16]];
        return [.. "ID3"u8, (byte)version, 0, 0, .. Synchsafe(body.Length), .. body];
    }

    public static byte[] Id3v1(string title, string album)
    {
        byte[] tag = new byte[128];
        "TAG"u8.CopyTo(tag);
        Encoding.Latin1.GetBytes(title).CopyTo(tag, 3);
        Encoding.Latin1.GetBytes(album).CopyTo(tag, 63);
        return tag;
    }

    public static byte[] Comments(params string[] comments) =>
        [.. Little(4, 4), .. "test"u8, .. Little(comments.Length, 4),
            .. comments.SelectMany(comment => (byte[])[.. Little(Encoding.UTF8.GetByteCount(comment), 4),
                .. Encoding.UTF8.GetBytes(comment)])];

    public static byte[] Flac(byte[] comments) =>
        [.. "fLaC"u8, 0, .. Big(34, 3), .. new byte[34], 4 | 0x80, .. Big(comments.Length, 3), .. comments];

    /// <summary>Two packets of Vorbis, the second of which may fill several pages.</summary>
    public static byte[] OggVorbis(byte[] comments)
    {
        byte[] second = [3, .. "vorbis"u8, .. comments];
        var pages = new List<byte>();
        Page(2, [1, .. "vorbis"u8, .. new byte[23]], ends: true);
        for (int at = 0; at <= second.Length; at += 255 * 255)
        {
            byte[] part = second[at..Math.Min(second.Length, at + 255 * 255)];
            Page(0, part, ends: at + 255 * 255 > second.Length);
        }
        return [.. pages];

        void Page(byte flags, byte[] body, bool ends)
        {
            byte[] lacing = [.. Enumerable.Repeat((byte)255, body.Length / 255), .. ends
                ? [(byte)(body.Length % 255)] : Array.Empty<byte>()];
            pages.AddRange([.. "OggS"u8, 0, flags, .. new byte[8], .. Little(7, 4), .. new byte[8], (byte)lacing.Length, .. lacing,
                .. body]);
        }
    }

    /// <summary>The number in so many bytes.</summary>
    public static byte[] Little(int value, int count) => BitConverter.GetBytes(value)[..count];

    static byte[] Big(int value, int count)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes[(4 - count)..];
    }

    static byte[] Synchsafe(int value) => [(byte)(value >> 21 & 0x7F), (byte)(value >> 14 & 0x7F), (byte)(value >> 7 & 0x7F),
        (byte)(value & 0x7F)];
}
