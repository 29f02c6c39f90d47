using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>One tensor of a safetensors file, as its header describes it; checked against the file when it was opened.</summary>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="OffsetBytes">Distance of its data from the beginning of the file.</param>
/// <param name="LengthBytes">Product of the shape times the size of an element.</param>
public sealed record SafetensorsEntry(string Name, DType DType, long[] Shape, long OffsetBytes, long LengthBytes)
{
    /// <summary>Number of elements: the product of the shape.</summary>
    public long ElementCount => LengthBytes / DType.SizeBytes();
}
