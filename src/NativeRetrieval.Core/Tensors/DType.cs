namespace NativeRetrieval.Core.Tensors;

/// <summary>Element types. Models compute in float32 (float64 for gradient checks); the others are storage and index types.</summary>
public enum DType : byte
{
    /// <summary>IEEE 754 single precision.</summary>
    Float32,
    /// <summary>IEEE 754 double precision.</summary>
    Float64,
    /// <summary>The upper half of a float32: <see cref="Tensors.BFloat16"/>.</summary>
    BFloat16,
    /// <summary>IEEE 754 half precision.</summary>
    Float16,
    /// <summary>Signed 64-bit integers.</summary>
    Int64,
    /// <summary>Signed 32-bit integers.</summary>
    Int32,
    /// <summary>Signed 16-bit integers.</summary>
    Int16,
    /// <summary>Signed 8-bit integers.</summary>
    Int8,
    /// <summary>Unsigned 8-bit integers.</summary>
    UInt8,
    /// <summary>One byte each, 0 or 1.</summary>
    Bool,
}

/// <summary>Facts of element types.</summary>
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
