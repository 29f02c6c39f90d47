using NativeRetrieval.Core.Tensors;
using NativeRetrieval.WeightsConvert.Pickle;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>Element type of a PyTorch storage or tensor.</summary>
/// <param name="Name">PyTorch's name, e.g. <c>float32</c>.</param>
/// <param name="DType">Type in this engine; null where it has none, and the tensor is skipped.</param>
readonly record struct StorageType(string Name, int SizeBytes, DType? DType)
{
    /// <summary>Type of a storage of plain bytes, whose tensors have element types of their own.</summary>
    public static readonly StorageType Untyped = new("untyped", 1, null);

    static readonly (string Storage, StorageType Type)[] _table =
    [
        ("FloatStorage", new("float32", 4, Core.Tensors.DType.Float32)), ("DoubleStorage", new("float64", 8, Core.Tensors.DType.Float64)),
        ("HalfStorage", new("float16", 2, Core.Tensors.DType.Float16)),
        ("BFloat16Storage", new("bfloat16", 2, Core.Tensors.DType.BFloat16)),
        ("LongStorage", new("int64", 8, Core.Tensors.DType.Int64)), ("IntStorage", new("int32", 4, Core.Tensors.DType.Int32)),
        ("ShortStorage", new("int16", 2, Core.Tensors.DType.Int16)), ("CharStorage", new("int8", 1, Core.Tensors.DType.Int8)),
        ("ByteStorage", new("uint8", 1, Core.Tensors.DType.UInt8)), ("BoolStorage", new("bool", 1, Core.Tensors.DType.Bool)),
        ("ComplexFloatStorage", new("complex64", 8, null)), ("ComplexDoubleStorage", new("complex128", 16, null)),
        ("QInt8Storage", new("qint8", 1, null)), ("QUInt8Storage", new("quint8", 1, null)), ("QInt32Storage", new("qint32", 4, null)),
        ("QUInt4x2Storage", new("quint4x2", 1, null)), ("QUInt2x4Storage", new("quint2x4", 1, null)),
        ("UntypedStorage", Untyped),
    ];

    // Types that have no storage class of their own; their storages are untyped.
    static readonly StorageType[] _withoutStorage =
    [
        new("uint16", 2, null), new("uint32", 4, null), new("uint64", 8, null), new("complex32", 4, null),
        new("float8_e4m3fn", 1, null), new("float8_e5m2", 1, null), new("float8_e4m3fnuz", 1, null), new("float8_e5m2fnuz", 1, null),
    ];

    /// <summary>Element type of a storage class, e.g. <c>torch.FloatStorage</c> or <c>torch.cuda.HalfStorage</c>.</summary>
    public static StorageType OfStorage(PickleGlobal type)
    {
        if (type.Module is "torch" or "torch.cuda" or "torch.storage")
        {
            int index = Array.FindIndex(_table, row => row.Storage == type.Name);
            if (index >= 0) return _table[index].Type;
        }
        throw new PickleError($"{type} is no storage type that is known");
    }

    /// <summary>Element type of <c>torch.float32</c> and its like.</summary>
    public static StorageType OfDType(PickleGlobal dtype)
    {
        if (dtype.Module == "torch")
            foreach (var type in _table.Select(row => row.Type).Concat(_withoutStorage))
                if (type.Name == dtype.Name && type != Untyped) return type;
        throw new PickleError($"{dtype} is no element type that is known");
    }
}
