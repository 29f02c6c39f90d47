using System.Runtime.InteropServices;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>A tensor to be written: its entry in the header and a source of its bytes.</summary>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Write">Puts exactly the tensor's bytes into the stream: little-endian, row-major. Called once, when its turn comes.</param>
public sealed record SafetensorsItem(string Name, DType DType, long[] Shape, Action<Stream> Write)
{
    /// <summary>An item from bytes in memory, little-endian and row-major.</summary>
    public static SafetensorsItem FromBytes(string name, DType dtype, long[] shape, ReadOnlyMemory<byte> bytes) =>
        new(name, dtype, shape, stream => stream.Write(bytes.Span));

    /// <summary>A float32 item from values in memory, row-major.</summary>
    public static SafetensorsItem Float32(string name, long[] shape, ReadOnlyMemory<float> values) =>
        new(name, DType.Float32, shape, stream => stream.Write(MemoryMarshal.AsBytes(values.Span)));

    /// <summary>A float64 item from values in memory, row-major.</summary>
    public static SafetensorsItem Float64(string name, long[] shape, ReadOnlyMemory<double> values) =>
        new(name, DType.Float64, shape, stream => stream.Write(MemoryMarshal.AsBytes(values.Span)));

    /// <summary>An int64 item from values in memory, row-major.</summary>
    public static SafetensorsItem Int64(string name, long[] shape, ReadOnlyMemory<long> values) =>
        new(name, DType.Int64, shape, stream => stream.Write(MemoryMarshal.AsBytes(values.Span)));
}
