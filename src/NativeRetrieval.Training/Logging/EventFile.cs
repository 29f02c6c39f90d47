using System.Buffers.Binary;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Logging;

/// <summary>
/// Scalars for TensorBoard: a TFRecord file of events. A record is the length (8 bytes), its masked CRC-32C (4), the message,
/// and the message's masked CRC-32C (4), all little-endian.
/// </summary>
public sealed class EventFile
{
    const int HeaderBytes = 12, FooterBytes = 4, LargestBytes = 1 << 30;

    readonly string _path;
    readonly TimeProvider _time;

    EventFile(string path, TimeProvider time) => (_path, _time) = (path, time);

    /// <summary>
    /// Opens the file to go on after step <paramref name="step"/>: later events, and whatever follows the last
    /// whole record, are removed.
    /// </summary>
    /// <param name="path">The file; TensorBoard reads files whose name contains <c>tfevents</c>.</param>
    /// <param name="time">Clock that gives each event its wall time.</param>
    public static EventFile Resume(string path, long step, TimeProvider time)
    {
        var file = new EventFile(path, time);
        long keep = File.Exists(path) ? LengthUpTo(path, step) : 0;
        if (File.Exists(path)) DurableFile.Truncate(path, keep);
        if (keep == 0) DurableFile.Append(path, Record(EventMessage.FileVersion(time.GetUtcNow())));
        return file;
    }

    /// <summary>Appends one event with its named values.</summary>
    /// <exception cref="FileWriteException">The disk refused.</exception>
    public void Append(long step, IEnumerable<KeyValuePair<string, double>> values) =>
        DurableFile.Append(_path, Record(EventMessage.Scalars(_time.GetUtcNow(), step, values)));

    static byte[] Record(byte[] message)
    {
        var record = new byte[HeaderBytes + message.Length + FooterBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc32C.Compute(record.AsSpan(0, 8)));
        message.CopyTo(record, HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(HeaderBytes + message.Length), MaskedCrc32C.Compute(message));
        return record;
    }

    static long LengthUpTo(string path, long step)
    {
        ReadOnlySpan<byte> bytes = SmallFile.ReadBytes(path, LargestBytes);
        int end = 0;
        while (bytes.Length - end >= HeaderBytes + FooterBytes)
        {
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes[end..]);
            if (length > (ulong)(bytes.Length - end - HeaderBytes - FooterBytes)) break;
            var message = bytes.Slice(end + HeaderBytes, (int)length);
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[(end + HeaderBytes + (int)length)..]) != MaskedCrc32C.Compute(message)) break;
            if (EventMessage.Step(message) is not { } messageStep || messageStep > step) break;
            end += HeaderBytes + (int)length + FooterBytes;
        }
        return end;
    }
}
