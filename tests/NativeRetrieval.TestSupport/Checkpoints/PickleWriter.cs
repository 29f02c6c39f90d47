using System.Buffers.Binary;
using System.Text;

namespace NativeRetrieval.TestSupport.Checkpoints;

/// <summary>Writes pickles, instruction by instruction: those that PyTorch writes, and those that nobody should.</summary>
public sealed class PickleWriter
{
    readonly MemoryStream _bytes = new();

    public PickleWriter() => Raw(0x80, 2);

    public PickleWriter Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public PickleWriter Op(char opcode) => Raw((byte)opcode);

    public PickleWriter Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        return Op('X').Raw(length).Raw(utf8);
    }

    public PickleWriter Integer(long value)
    {
        Span<byte> digits = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(digits, value);
        return Raw(0x8A, 8).Raw(digits);
    }

    public PickleWriter Global(string module, string name) => Op('c').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public PickleWriter Tuple(params ReadOnlySpan<long> values)
    {
        Op('(');
        foreach (long value in values) Integer(value);
        return Op('t');
    }

    /// <summary><c>torch._utils._rebuild_tensor_v2(storage, offset, size, stride, False, OrderedDict())</c>.</summary>
    /// <param name="count">Elements of the storage.</param>
    public PickleWriter Tensor(string storageType, string key, long count, long offset,
        ReadOnlySpan<long> size, ReadOnlySpan<long> stride) =>
        Global("torch._utils", "_rebuild_tensor_v2").Op('(').Storage(storageType, key, count).Integer(offset).Tuple(size).Tuple(stride)
            .Raw(0x89).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R');

    public PickleWriter Storage(string storageType, string key, long count) =>
        Op('(').Text("storage").Global("torch", storageType).Text(key).Text("cpu").Integer(count).Op('t').Op('Q');

    /// <summary>The pickle, ended by STOP.</summary>
    public byte[] ToArray() => [.. _bytes.ToArray(), (byte)'.'];
}
