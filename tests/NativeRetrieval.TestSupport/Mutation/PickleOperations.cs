using System.Buffers.Binary;

namespace NativeRetrieval.TestSupport.Mutation;

/// <summary>Cuts pickles into instructions, so that they can be rearranged.</summary>
public static class PickleOperations
{
    /// <summary>Instructions that may follow anything, among them those of known attacks and of numbers that hurt.</summary>
    public static readonly byte[][] Snippets =
    [
        "("u8.ToArray(), "."u8.ToArray(), "0"u8.ToArray(), "1"u8.ToArray(), "2"u8.ToArray(), "]"u8.ToArray(), "}"u8.ToArray(),
        ")"u8.ToArray(), "t"u8.ToArray(), "l"u8.ToArray(), "d"u8.ToArray(),
        "a"u8.ToArray(), "e"u8.ToArray(), "s"u8.ToArray(), "u"u8.ToArray(), "R"u8.ToArray(), "b"u8.ToArray(), "o"u8.ToArray(),
        "Q"u8.ToArray(), "N"u8.ToArray(), ")R"u8.ToArray(), "}b"u8.ToArray(),
        [0x81], [0x92], [0x93], [0x94], [0x85], [0x86], [0x87], [0x8F], [0x90], [0x91], [0x88], [0x89],
        "cos\nsystem\n"u8.ToArray(), "cbuiltins\neval\n"u8.ToArray(), "ctorch._utils\n_rebuild_tensor_v2\n"u8.ToArray(),
        "ccollections\nOrderedDict\n"u8.ToArray(), "cargparse\nNamespace\n"u8.ToArray(),
        "ctorch.storage\nUntypedStorage\n"u8.ToArray(), "ctorch\nfloat64\n"u8.ToArray(), "ios\nsystem\n"u8.ToArray(), "Px\n"u8.ToArray(),
        "L99999999999999999999L\n"u8.ToArray(), "Fnan\n"u8.ToArray(), "S'x'\n"u8.ToArray(),
        [0x8A, 8, 255, 255, 255, 255, 255, 255, 255, 127], [0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 128], [0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 128, 0],
        [0x8A, 0], [(byte)'J', 255, 255, 255, 255], [(byte)'J', 255, 255, 255, 127], [(byte)'K', 0],
        [(byte)'X', 255, 255, 255, 127], [0x8B, 255, 255, 255, 255], [0x8D, 255, 255, 255, 255, 255, 255, 255, 127],
        [0x95, 0, 0, 0, 0, 0, 0, 0, 128], [(byte)'r', 255, 255, 255, 255], [(byte)'j', 255, 255, 255, 255],
        [(byte)'h', 0], [(byte)'h', 3], [(byte)'h', 10], [(byte)'q', 0], [(byte)'q', 200], [0x80, 5], [0x80, 255],
    ];

    /// <summary>The instructions from the start on, as far as they are any.</summary>
    public static List<byte[]> Split(ReadOnlySpan<byte> bytes)
    {
        var operations = new List<byte[]>();
        while (!bytes.IsEmpty && Length(bytes) is > 0 and var length && length <= bytes.Length)
        {
            operations.Add(bytes[..length].ToArray());
            bytes = bytes[length..];
        }
        return operations;
    }

    static int Length(ReadOnlySpan<byte> at)
    {
        var operand = at[1..];
        return (char)at[0] switch
        {
            'K' or 'h' or 'q' or '\x80' => 2,
            'M' => 3,
            'J' or 'j' or 'r' => 5,
            'G' or '\x95' => 9,
            'X' or 'T' or 'B' or '\x8B' =>
                operand.Length < 4 ? 0 : (int)Math.Min(5L + BinaryPrimitives.ReadUInt32LittleEndian(operand), int.MaxValue),
            'U' or 'C' or '\x8A' or '\x8C' => operand.Length < 1 ? 0 : 2 + operand[0],
            'c' or 'i' => Lines(operand, 2),
            'F' or 'I' or 'L' or 'P' or 'S' or 'V' or 'g' or 'p' => Lines(operand, 1),
            '\x82' or '\x83' or '\x84' or '\x8D' or '\x8E' or '\x96' => 0,
            _ => 1,
        };
    }

    static int Lines(ReadOnlySpan<byte> text, int count)
    {
        int length = 1;
        for (; count > 0; count--)
        {
            int end = text.IndexOf((byte)'\n');
            if (end < 0) return 0;
            length += end + 1;
            text = text[(end + 1)..];
        }
        return length;
    }
}
