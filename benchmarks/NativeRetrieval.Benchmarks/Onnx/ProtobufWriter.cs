using System.Runtime.InteropServices;
using System.Text;

namespace NativeRetrieval.Benchmarks.Onnx;

/// <summary>
/// Protocol-buffer wire format, as much of it as an ONNX model needs. Large payloads are kept as references until the file is written.
/// </summary>
internal sealed class ProtobufWriter
{
    readonly List<ReadOnlyMemory<byte>> _parts = [];
    readonly MemoryStream _small = new();

    public long SizeBytes => _parts.Sum(part => (long)part.Length) + _small.Length;

    public ProtobufWriter Integer(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public ProtobufWriter Single(int field, float value)
    {
        Varint((ulong)field << 3 | 5);
        _small.Write(BitConverter.GetBytes(value));
        return this;
    }

    public ProtobufWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtobufWriter Bytes(int field, ReadOnlyMemory<byte> value)
    {
        Varint((ulong)field << 3 | 2);
        Varint((ulong)value.Length);
        Append(value);
        return this;
    }

    public ProtobufWriter Message(int field, ProtobufWriter message)
    {
        Varint((ulong)field << 3 | 2);
        Varint((ulong)message.SizeBytes);
        message.Flush();
        Flush();
        _parts.AddRange(message._parts);
        return this;
    }

    /// <summary>The bytes of an array as little-endian raw data.</summary>
    public ProtobufWriter Raw<T>(int field, T[] values) where T : unmanaged =>
        Bytes(field, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    public void WriteTo(Stream stream)
    {
        Flush();
        foreach (var part in _parts) stream.Write(part.Span);
    }

    void Append(ReadOnlyMemory<byte> value)
    {
        if (value.Length < 4096)
        {
            _small.Write(value.Span);
            return;
        }
        Flush();
        _parts.Add(value);
    }

    void Flush()
    {
        if (_small.Length == 0) return;
        _parts.Add(_small.ToArray());
        _small.SetLength(0);
    }

    void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _small.WriteByte((byte)(value | 0x80));
        _small.WriteByte((byte)value);
    }
}
