using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>
/// Writes safetensors files durably, one tensor at a time. The bytes depend on nothing but the tensors and the metadata: data is
/// laid out widest type first, then by name, metadata by key, and the header is padded with spaces so that data starts at a multiple of 8.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>Writes the file by <see cref="DurableFile.WriteAtomic"/>.</summary>
    /// <param name="items">Tensors in any order; names differ and are not <c>__metadata__</c>.</param>
    /// <param name="metadata">Pairs of free text for the header, or null for none.</param>
    /// <exception cref="FileWriteException">The disk refused; an older file of this name is untouched.</exception>
    /// <exception cref="ShapeException">
    /// Two items have one name, a size is negative, or an item wrote another number of bytes than its shape and type say.
    /// </exception>
    public static void Write(string path, IEnumerable<SafetensorsItem> items, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, items, metadata, DurableFile.WriteAtomic);

    /// <summary>The same file by <see cref="DurableFile.WriteRecomputable"/>: for caches whose entries carry a checksum.</summary>
    public static void WriteRecomputable(
        string path, IEnumerable<SafetensorsItem> items, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, items, metadata, DurableFile.WriteRecomputable);

    static void Write(
        string path, IEnumerable<SafetensorsItem> items, IReadOnlyDictionary<string, string>? metadata,
        Action<string, Action<Stream>> writeFile)
    {
        SafetensorsItem[] ordered =
            [.. items.OrderBy(item => SafetensorsDType.LayoutRank(item.DType)).ThenBy(item => item.Name, StringComparer.Ordinal)];
        var lengths = Array.ConvertAll(ordered, LengthBytes);
        var header = Header(ordered, lengths, metadata);
        writeFile(path, stream =>
        {
            stream.Write(header);
            for (int i = 0; i < ordered.Length; i++)
            {
                long before = stream.Position;
                ordered[i].Write(stream);
                if (stream.Position - before != lengths[i])
                    throw new ShapeException(
                        $"tensor '{ordered[i].Name}' wrote {stream.Position - before} bytes to {path}, "
                            + $"its shape and type say {lengths[i]}");
            }
        });
    }

    static long LengthBytes(SafetensorsItem item)
    {
        long bytes = item.DType.SizeBytes();
        foreach (long size in item.Shape)
        {
            if (size < 0) throw new ShapeException($"tensor '{item.Name}' has a negative size in [{string.Join(", ", item.Shape)}]");
            bytes = checked(bytes * size);
        }
        return bytes;
    }

    static byte[] Header(SafetensorsItem[] items, long[] lengths, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.GetSpan(SafetensorsHeader.LengthFieldBytes)[..SafetensorsHeader.LengthFieldBytes].Clear();
        buffer.Advance(SafetensorsHeader.LengthFieldBytes);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 }) WriteMetadata(json, metadata);
            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            long offset = 0;
            for (int i = 0; i < items.Length; i++)
            {
                if (!names.Add(items[i].Name)) throw new ShapeException($"two tensors are named '{items[i].Name}'; names must differ");
                WriteEntry(json, items[i], offset, offset + lengths[i]);
                offset = checked(offset + lengths[i]);
            }
            json.WriteEndObject();
        }
        while (buffer.WrittenCount % 8 != 0) buffer.Write(" "u8);

        var bytes = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)(bytes.Length - SafetensorsHeader.LengthFieldBytes));
        return bytes;
    }

    static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject("__metadata__");
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(key, value);
        json.WriteEndObject();
    }

    static void WriteEntry(Utf8JsonWriter json, SafetensorsItem item, long begin, long end)
    {
        json.WriteStartObject(item.Name);
        json.WriteString("dtype", SafetensorsDType.NameOf(item.DType));
        json.WriteStartArray("shape");
        foreach (long size in item.Shape) json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
