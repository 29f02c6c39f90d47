using System.Diagnostics.CodeAnalysis;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>Names of element types in safetensors headers.</summary>
static class SafetensorsDType
{
    // The order in which the format's reference implementation lays tensors out: widest alignment first.
    static readonly (DType DType, string Name)[] _table =
    [
        (DType.Int64, "I64"), (DType.Float64, "F64"), (DType.Float32, "F32"), (DType.Int32, "I32"), (DType.BFloat16, "BF16"),
        (DType.Float16, "F16"), (DType.Int16, "I16"), (DType.Int8, "I8"), (DType.UInt8, "U8"), (DType.Bool, "BOOL"),
    ];

    public static string AllNames { get; } = string.Join(' ', _table.Select(row => row.Name));

    public static string NameOf(DType dtype) => _table[LayoutRank(dtype)].Name;

    /// <summary>0 for the type that comes first in a file.</summary>
    public static int LayoutRank(DType dtype) => Array.FindIndex(_table, row => row.DType == dtype);

    public static bool TryParse([NotNullWhen(true)] string? name, out DType dtype)
    {
        int index = Array.FindIndex(_table, row => row.Name == name);
        dtype = index < 0 ? default : _table[index].DType;
        return index >= 0;
    }
}
