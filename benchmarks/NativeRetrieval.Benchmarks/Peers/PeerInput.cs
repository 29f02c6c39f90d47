using System.Runtime.InteropServices;

namespace NativeRetrieval.Benchmarks.Peers;

/// <summary>A tensor handed to a peer through a file of raw values.</summary>
/// <param name="Type">ONNX Runtime's name: float32 or int64.</param>
internal sealed record PeerInput(string Name, string Type, long[] Shape, byte[] Bytes)
{
    public static PeerInput Of(string name, float[] values, params long[] shape) =>
        new(name, "float32", shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    public static PeerInput Of(string name, long[] values, params long[] shape) =>
        new(name, "int64", shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
}
