namespace NativeRetrieval.Core.Tensors;

/// <summary>Element types. Models compute in float32 (float64 for gradient checks); the others are storage and index types.</summary>
public enum DType : byte
{
    Float32,
    Float64,
    BFloat16,
    Float16,
    Int64,
    Int32,
    Int16,
    Int8,
    UInt8,
    Bool,
}

public static class DTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int SizeBytes(this DType dtype) => dtype switch
    {
        DType.Float64 or DType.Int64 => 8,
        DType.Float32 or DType.Int32 => 4,
        DType.BFloat16 or DType.Float16 or DType.Int16 => 2,
        DType.Int8 or DType.UInt8 or DType.Bool => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "not an element type"),
    };
}
