using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace NativeRetrieval.TestSupport.Checkpoints;

/// <summary>Writes state dictionaries of float32 tensors as <c>torch.save</c> does, in both of its formats, of any size.</summary>
public static class TorchFiles
{
    /// <summary>A tensor and the values of its row-major elements.</summary>
    public sealed record Entry(string Name, long[] Shape, ReadOnlyMemory<float> Values);

    public static void WriteZip(string path, IReadOnlyList<Entry> tensors, bool zip64 = false)
    {
        using var file = File.Create(path);
        var zip = new ZipWriter(file, zip64);
        zip.Add("archive/data.pkl", StateDict(tensors));
        zip.Add("archive/byteorder", "little"u8.ToArray());
        for (int i = 0; i < tensors.Count; i++)
        {
            var bytes = tensors[i].Values;
            long length = bytes.Length * 4L;
            zip.Add($"archive/data/{i}", 0, Crc32.HashToUInt32(MemoryMarshal.AsBytes(bytes.Span)), length, length,
                stream => stream.Write(MemoryMarshal.AsBytes(bytes.Span)));
        }
        zip.Add("archive/version", "3\n"u8.ToArray());
        zip.Finish();
    }

    public static void WriteLegacy(string path, IReadOnlyList<Entry> tensors)
    {
        using var file = File.Create(path);
        file.Write(LegacyHead(StateDict(tensors), [.. tensors.Select((_, i) => $"{i}")]));
        Span<byte> count = stackalloc byte[8];
        foreach (var tensor in tensors)
        {
            BinaryPrimitives.WriteInt64LittleEndian(count, tensor.Values.Length);
            file.Write(count);
            file.Write(MemoryMarshal.AsBytes(tensor.Values.Span));
        }
    }

    /// <summary>The pickles before the storages of a legacy file.</summary>
    public static byte[] LegacyHead(byte[] pickle, string[] keys, bool littleEndian = true)
    {
        var magic = new PickleWriter().Raw(0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19);
        var protocol = new PickleWriter().Integer(1001);
        var machine = new PickleWriter().Op('}').Op('(').Text("protocol_version").Integer(1001).Text("little_endian")
            .Raw(littleEndian ? (byte)0x88 : (byte)0x89).Op('u');
        var list = new PickleWriter().Op(']').Op('(');
        foreach (string key in keys) list.Text(key);
        return [.. magic.ToArray(), .. protocol.ToArray(), .. machine.ToArray(), .. pickle, .. list.Op('e').ToArray()];
    }

    static byte[] StateDict(IReadOnlyList<Entry> tensors)
    {
        var pickle = new PickleWriter().Global("collections", "OrderedDict").Op(')').Op('R').Op('(');
        for (int i = 0; i < tensors.Count; i++)
        {
            var strides = new long[tensors[i].Shape.Length];
            long stride = 1;
            for (int axis = strides.Length - 1; axis >= 0; stride *= tensors[i].Shape[axis--]) strides[axis] = stride;
            pickle.Text(tensors[i].Name).Tensor("FloatStorage", $"{i}", tensors[i].Values.Length, 0, tensors[i].Shape, strides);
        }
        return pickle.Op('u').ToArray();
    }
}
