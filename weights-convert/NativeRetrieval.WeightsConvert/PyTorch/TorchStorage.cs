using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Pickle;

namespace NativeRetrieval.WeightsConvert.PyTorch;

/// <summary>The memory behind tensors, kept outside the pickle.</summary>
/// <param name="Key">Number of the storage in the file.</param>
/// <param name="ElementCount">Elements of the whole storage in the file.</param>
/// <param name="Start">First element of this part: old files name parts of a storage.</param>
/// <param name="Count">Elements of this part.</param>
sealed record TorchStorage(string Key, StorageType Type, long ElementCount, long Start, long Count)
{
    /// <summary>Reads <c>('storage', torch.FloatStorage, key, location, count[, None | (key, start, count)])</c>.</summary>
    public static TorchStorage Parse(PickleList id)
    {
        if (id.Count < 5 || id[1] is not PickleGlobal type || KeyOf(id[2]) is not { } key || id[4] is not (long and >= 0))
            throw new PickleError("a storage without type, key or size");
        long count = (long)id[4];
        if (id.Count < 6 || id[5] is PickleNone) return new TorchStorage(key, StorageType.OfStorage(type), count, 0, count);
        if (id[5] is PickleList { Count: 3 } part && part[1] is long and >= 0 && part[2] is long and >= 0 && (long)part[1] <= count
            && (long)part[2] <= count - (long)part[1])
            return new TorchStorage(key, StorageType.OfStorage(type), count, (long)part[1], (long)part[2]);
        throw new PickleError($"storage '{PlainText.Short(key)}' is a part that lies outside the whole");
    }

    public static string? KeyOf(object value) => value switch
    {
        string text => text,
        long number => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };
}
