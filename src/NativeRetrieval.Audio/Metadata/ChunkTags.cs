using System.Buffers.Binary;
using System.Text;
using NativeRetrieval.Audio.Decoding.Mp3;

namespace NativeRetrieval.Audio.Metadata;

/// <summary>Text chunks of WAV, RF64 and BW64, and of AIFF; those behind the sound, too.</summary>
internal static class ChunkTags
{
    const int HeaderBytes = 12, ChunkHeaderBytes = 8, MostChunks = 10_000;
    const int BextDescriptionBytes = 256, BextOriginatorBytes = 32;

    public static void Read(TagReader file, bool isBigEndian, TagCollector tags)
    {
        long longDataBytes = -1;
        long at = HeaderBytes;
        for (int number = 0; number < MostChunks && at + ChunkHeaderBytes <= file.Length; number++)
        {
            byte[] header = file.Read(at, ChunkHeaderBytes);
            if (header.Length < ChunkHeaderBytes || header.AsSpan(0, 4).ContainsAnyExceptInRange((byte)' ', (byte)'~')) return;
            string id = Encoding.ASCII.GetString(header, 0, 4);
            long bytes = TagReader.U32(header.AsSpan(4), isBigEndian);
            long body = at + ChunkHeaderBytes;
            if (id == "data" && bytes == uint.MaxValue)
            {
                if (longDataBytes < 0) return;
                bytes = longDataBytes;
            }
            else if (id == "ds64" && file.Read(body, 16) is { Length: 16 } sizes)
                longDataBytes = (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(sizes.AsSpan(8)), long.MaxValue / 2);
            if (bytes > file.Length - body && id != "data" && IsText(id))
                tags.Note($"its chunk '{id}' claims {bytes:N0} bytes, the file ends after {file.Length - body:N0}");
            Take(file, id, body, Math.Min(bytes, file.Length - body), isBigEndian, tags);
            if (bytes >= file.Length - body) return;
            at = body + bytes + (bytes & 1);
        }
    }

    static bool IsText(string id) => id is "bext" or "iXML" or "LIST" or "id3 " or "ID3 " or "NAME" or "AUTH" or "ANNO" or "(c) ";

    static void Take(TagReader file, string id, long body, long bytes, bool isBigEndian, TagCollector tags)
    {
        if (!IsText(id) || tags.IsFull) return;
        if (id is "id3 " or "ID3 ")
        {
            if (Id3Tag.SizeOf(file.Read(body, 10)) is > 0 and var size) Id3v2Tag.Read(file, body, Math.Min(size, bytes), tags);
            return;
        }
        bool isList = id == "LIST";
        if (bytes > (isList ? TagCollector.LargestTotal : TagCollector.LargestField))
        {
            tags.Note($"its chunk '{id}' has {bytes:N0} bytes and is left out");
            return;
        }
        byte[] content = file.Read(body, (int)bytes);
        switch (id)
        {
            case "bext" when !isBigEndian && content.Length >= BextDescriptionBytes + BextOriginatorBytes:
                tags.Add("bext.Description", TagCollector.Text(content.AsSpan(0, BextDescriptionBytes)));
                tags.Add("bext.Originator", TagCollector.Text(content.AsSpan(BextDescriptionBytes, BextOriginatorBytes)));
                break;
            case "bext" when !isBigEndian:
                tags.Note($"its bext chunk has {content.Length} bytes and is damaged");
                break;
            case "iXML": Ixml.Read(content, tags); break;
            case "LIST" when !isBigEndian && content.AsSpan().StartsWith("INFO"u8): ReadInfo(content.AsSpan(4), tags); break;
            case "NAME" when isBigEndian: tags.Add("INAM", TagCollector.Text(content)); break;
            case "ANNO" when isBigEndian: tags.Add("ICMT", TagCollector.Text(content)); break;
            case "AUTH" when isBigEndian: tags.Add("IART", TagCollector.Text(content)); break;
        }
    }

    static void ReadInfo(ReadOnlySpan<byte> list, TagCollector tags)
    {
        while (list.Length >= ChunkHeaderBytes)
        {
            uint bytes = BinaryPrimitives.ReadUInt32LittleEndian(list[4..]);
            if (bytes > list.Length - ChunkHeaderBytes || list[..4].ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            {
                tags.Note("its INFO list is damaged");
                return;
            }
            if (bytes > TagCollector.LargestField) tags.Note($"a field of its INFO list has {bytes:N0} bytes and is left out");
            else tags.Add(Encoding.ASCII.GetString(list[..4]), TagCollector.Text(list.Slice(ChunkHeaderBytes, (int)bytes)));
            list = list[(int)Math.Min(list.Length, ChunkHeaderBytes + bytes + (bytes & 1))..];
        }
    }
}
