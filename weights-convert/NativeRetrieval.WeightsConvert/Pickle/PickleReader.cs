using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>
/// The operands of a pickle's instructions. Every length is compared with the bytes that are left before memory is taken.
/// </summary>
ref struct PickleReader(ReadOnlySpan<byte> bytes)
{
    const int MaxIntegerBytes = 256;

    readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public readonly bool AtEnd => Position == _bytes.Length;

    public byte Byte() => Bytes(1)[0];

    public ReadOnlySpan<byte> Bytes(long count)
    {
        if (count < 0 || count > _bytes.Length - Position)
            throw new PickleError(count < 0
                ? $"a length of {count} bytes"
                : $"{count} bytes are announced, {_bytes.Length - Position} are left");
        var part = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return part;
    }

    public int UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(4));

    public long UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));

    public long Length64() => BinaryPrimitives.ReadInt64LittleEndian(Bytes(8));

    public double Float64() => BinaryPrimitives.ReadDoubleBigEndian(Bytes(8));

    /// <summary>Text of this many bytes of UTF-8; invalid bytes become U+FFFD.</summary>
    public string Text(long count) => Encoding.UTF8.GetString(Bytes(count));

    /// <summary>The bytes up to the next line feed, which is stepped over.</summary>
    public ReadOnlySpan<byte> Line()
    {
        int length = _bytes[Position..].IndexOf((byte)'\n');
        if (length < 0) throw new PickleError("a line without an end");
        var line = Bytes(length);
        Position++;
        return line;
    }

    public string TextLine() => Encoding.UTF8.GetString(Line());

    /// <summary>A little-endian two's complement integer of any length.</summary>
    public object Integer(long count)
    {
        var digits = Bytes(count);
        if (count > MaxIntegerBytes) throw new PickleError($"an integer of {count} bytes; {MaxIntegerBytes} are the most");
        return Narrow(new BigInteger(digits));
    }

    /// <summary>A decimal integer; 00 and 01 are protocol 0's booleans.</summary>
    public object DecimalLine(bool booleans)
    {
        var line = Line();
        if (booleans && line.SequenceEqual("00"u8)) return false;
        if (booleans && line.SequenceEqual("01"u8)) return true;
        if (line.EndsWith("L"u8)) line = line[..^1];
        if (line.Length <= MaxIntegerBytes
            && BigInteger.TryParse(Encoding.ASCII.GetString(line), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
                out var value))
            return Narrow(value);
        throw new PickleError("a line that is no integer");
    }

    static object Narrow(BigInteger value)
    {
        if (value < long.MinValue || value > long.MaxValue) return value;
        return (long)value;
    }

    public double FloatLine()
    {
        var line = Line();
        if (line.Length > MaxIntegerBytes) throw new PickleError("a line that is no number");
        string text = Encoding.ASCII.GetString(line);
        return text switch
        {
            "inf" => double.PositiveInfinity,
            "-inf" => double.NegativeInfinity,
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) => value,
            _ => throw new PickleError("a line that is no number"),
        };
    }

    /// <summary>A string between quotes, as Python's <c>repr</c> writes it; escapes are kept as they stand.</summary>
    public string QuotedLine()
    {
        string text = TextLine();
        if (text.Length >= 2 && text[0] is '\'' or '"' && text[^1] == text[0]) return text[1..^1];
        throw new PickleError("a string without quotes");
    }
}
