using System.Buffers.Binary;
using System.Text;
using NativeRetrieval.TestSupport;
using NativeRetrieval.Training.Logging;

namespace NativeRetrieval.Training.Tests.Logging;

public sealed class EventFileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    string FilePath => _folder["events.out.tfevents.run"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ChecksumsAreThoseOfTheFormat()
    {
        // CRC-32C of "123456789" is E3069283 (RFC 3720, B.4 has more); masked as TFRecord does.
        uint crc = 0xE3069283;
        Assert.Equal(unchecked((crc >> 15 | crc << 17) + 0xA282EAD8u), MaskedCrc32C.Compute("123456789"u8));
        Assert.Equal(IndependentMaskedCrc([.. Enumerable.Range(0, 200).Select(i => (byte)(i * 7))]),
            MaskedCrc32C.Compute([.. Enumerable.Range(0, 200).Select(i => (byte)(i * 7))]));
    }

    [Fact]
    public void AnIndependentReaderFindsEveryScalar()
    {
        var clock = new FixedClock();
        var file = EventFile.Resume(FilePath, 0, clock);
        file.Append(1, [new("loss", 3.5), new("lr", 1e-4)]);
        file.Append(300, [new("validation/r10", 0.25)]);
        var events = ReadEvents(FilePath);
        Assert.Equal([("", "brain.Event:2", 0L, 0f), ("loss", "", 1L, 3.5f), ("lr", "", 1L, 1e-4f), ("validation/r10", "", 300L, 0.25f)],
            events.Select(e => (e.Tag, e.Version, e.Step, e.Value)));
        Assert.All(events, e => Assert.Equal(clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0, e.WallTime, 1e-6));
    }

    [Fact]
    public void ResumingRemovesLaterStepsAndACutRecord()
    {
        var file = EventFile.Resume(FilePath, 0, new FixedClock());
        for (int step = 40; step <= 400; step += 40) file.Append(step, [new("loss", step)]);
        using (var stream = new FileStream(FilePath, FileMode.Append)) stream.Write([1, 2, 3]);
        file = EventFile.Resume(FilePath, 300, new FixedClock());
        file.Append(301, [new("loss", -1)]);
        var events = ReadEvents(FilePath);
        Assert.Equal([0L, 40, 80, 120, 160, 200, 240, 280, 301], events.Select(e => e.Step));
        Assert.Equal(-1, events[^1].Value);
        EventFile.Resume(FilePath, 0, new FixedClock());
        Assert.Equal("brain.Event:2", Assert.Single(ReadEvents(FilePath)).Version);
    }

    sealed record ReadEvent(double WallTime, long Step, string Version, string Tag, float Value);

    /// <summary>A parser of its own: TFRecord framing with both checksums, then protocol-buffer fields in any order.</summary>
    static List<ReadEvent> ReadEvents(string path)
    {
        var events = new List<ReadEvent>();
        byte[] bytes = File.ReadAllBytes(path);
        for (int at = 0; at < bytes.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(IndependentMaskedCrc(bytes[at..(at + 8)]), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            byte[] message = bytes[(at + 12)..(at + 12 + length)];
            Assert.Equal(IndependentMaskedCrc(message), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            at += 16 + length;

            var fields = Fields(message);
            double time = BitConverter.ToDouble(fields.Single(f => f.Number == 1).Bytes);
            long step = fields.FirstOrDefault(f => f.Number == 2).Varint;
            string version = fields.Where(f => f.Number == 3).Select(f => Encoding.UTF8.GetString(f.Bytes)).FirstOrDefault("");
            var summary = fields.Where(f => f.Number == 5).SelectMany(f => Fields(f.Bytes)).Select(value => Fields(value.Bytes)).ToList();
            if (summary.Count == 0) events.Add(new ReadEvent(time, step, version, "", 0));
            foreach (var value in summary)
                events.Add(new ReadEvent(time, step, version, Encoding.UTF8.GetString(value.Single(f => f.Number == 1).Bytes),
                    BitConverter.ToSingle(value.Single(f => f.Number == 2).Bytes)));
        }
        return events;
    }

    static List<(int Number, long Varint, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, long, byte[])>();
        for (int at = 0; at < message.Length;)
        {
            int key = (int)ReadVarint(message, ref at);
            long varint = 0;
            int length = 0;
            switch (key & 7)
            {
                case 0: varint = ReadVarint(message, ref at); break;
                case 1: length = 8; break;
                case 2: length = (int)ReadVarint(message, ref at); break;
                case 5: length = 4; break;
                default: Assert.Fail($"wire type {key & 7}"); break;
            }
            fields.Add((key >> 3, varint, message[at..(at + length)]));
            at += length;
        }
        return fields;
    }

    static long ReadVarint(byte[] message, ref int at)
    {
        long value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = message[at++];
            value |= (long)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
    }

    /// <summary>Bit by bit, polynomial 1EDC6F41 reflected.</summary>
    static uint IndependentMaskedCrc(byte[] data)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
        }
        crc = ~crc;
        return unchecked((crc >> 15 | crc << 17) + 0xA282EAD8u);
    }

    sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    }
}
