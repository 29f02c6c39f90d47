using System.Runtime.InteropServices;

namespace NativeRetrieval.PeerProtocol;

/// <summary>A tensor handed to a peer.</summary>
/// <param name="Values">Row-major: float[] or long[].</param>
public sealed record PeerInput(string Name, long[] Shape, Array Values)
{
    public static PeerInput Of(string name, float[] values, params long[] shape) => new(name, shape, values);

    public static PeerInput Of(string name, long[] values, params long[] shape) => new(name, shape, values);

    /// <summary>Writes inputs one behind the other, little-endian, and says where each lies.</summary>
    public static PeerTensor[] Save(IReadOnlyList<PeerInput> inputs, string path)
    {
        using var file = File.Create(path);
        var saved = new PeerTensor[inputs.Count];
        for (int i = 0; i < saved.Length; i++)
        {
            saved[i] = new(inputs[i].Name, inputs[i].Values is long[], inputs[i].Shape, path, file.Position);
            file.Write(Bytes(inputs[i].Values));
        }
        return saved;
    }

    /// <summary>Reads one that <see cref="Save"/> has written.</summary>
    public static PeerInput Load(PeerTensor tensor)
    {
        long count = tensor.Shape.Aggregate(1L, (product, size) => product * size);
        Array values = tensor.Integers ? new long[count] : new float[count];
        using var file = File.OpenRead(tensor.File);
        file.Position = tensor.Offset;
        file.ReadExactly(Bytes(values));
        return new(tensor.Name, tensor.Shape, values);
    }

    static Span<byte> Bytes(Array values) =>
        values is long[] integers ? MemoryMarshal.AsBytes(integers.AsSpan()) : MemoryMarshal.AsBytes(((float[])values).AsSpan());
}

/// <summary>The place of a tensor's values in a file.</summary>
/// <param name="Integers">True for int64, false for float32.</param>
public sealed record PeerTensor(string Name, bool Integers, long[] Shape, string File, long Offset);
