using System.Text;

namespace NativeRetrieval.Training.Logging;

/// <summary>
/// The protocol-buffer message of one TensorBoard event. Fields: wall_time (1, double), step (2, int64), file_version (3, string),
/// summary (5) holding values (1) of tag (1, string) and simple_value (2, float).
/// </summary>
static class EventMessage
{
    const int Varint = 0, Fixed64 = 1, LengthDelimited = 2, Fixed32 = 5;

    /// <summary>The first message of every event file.</summary>
    public static byte[] FileVersion(DateTimeOffset time)
    {
        var message = new List<byte>();
        AddTime(message, time);
        AddBytes(message, 3, "brain.Event:2"u8);
        return [.. message];
    }

    public static byte[] Scalars(DateTimeOffset time, long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        var summary = new List<byte>();
        foreach (var (tag, value) in values)
        {
            var entry = new List<byte>();
            AddBytes(entry, 1, Encoding.UTF8.GetBytes(tag));
            AddKey(entry, 2, Fixed32);
            entry.AddRange(BitConverter.GetBytes((float)value));
            AddBytes(summary, 1, [.. entry]);
        }
        var message = new List<byte>();
        AddTime(message, time);
        AddKey(message, 2, Varint);
        AddVarint(message, (ulong)step);
        AddBytes(message, 5, [.. summary]);
        return [.. message];
    }

    /// <summary>
    /// The step of a message that <see cref="Scalars"/> or <see cref="FileVersion"/> made; 0
    /// for the latter, null for bytes of another kind.
    /// </summary>
    public static long? Step(ReadOnlySpan<byte> message)
    {
        const int TimeBytes = 9;
        if (message.Length <= TimeBytes || message[0] != (1 << 3 | Fixed64)) return null;
        message = message[TimeBytes..];
        if (message[0] != (2 << 3 | Varint)) return 0;
        ulong step = 0;
        for (int i = 1, shift = 0; i < message.Length && shift < 64; i++, shift += 7)
        {
            step |= (ulong)(message[i] & 0x7F) << shift;
            if (message[i] < 0x80) return (long)step;
        }
        return null;
    }

    static void AddTime(List<byte> message, DateTimeOffset time)
    {
        AddKey(message, 1, Fixed64);
        message.AddRange(BitConverter.GetBytes((time - DateTimeOffset.UnixEpoch).TotalSeconds));
    }

    static void AddBytes(List<byte> message, int field, ReadOnlySpan<byte> bytes)
    {
        AddKey(message, field, LengthDelimited);
        AddVarint(message, (ulong)bytes.Length);
        message.AddRange(bytes);
    }

    static void AddKey(List<byte> message, int field, int wireType) => AddVarint(message, (ulong)(field << 3 | wireType));

    static void AddVarint(List<byte> message, ulong value)
    {
        for (; value >= 0x80; value >>= 7) message.Add((byte)(value | 0x80));
        message.Add((byte)value);
    }
}
