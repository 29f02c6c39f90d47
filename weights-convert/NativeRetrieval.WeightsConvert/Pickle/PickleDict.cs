using System.Text;

namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>Python's dictionary, in the order of insertion.</summary>
sealed class PickleDict : PickleContainer
{
    OrderedDictionary<object, object>? _items;

    public int Count => _items?.Count ?? 0;

    public void Set(object key, object value) => (_items ??= new(KeyComparer.Instance))[key] = value;

    public object? Find(object key) => _items is not null && _items.TryGetValue(key, out var value) ? value : null;

    public object Key(int index) => _items!.GetAt(index).Key;

    public override int ChildCount => Count;

    public override object Child(int index) => _items!.GetAt(index).Value;

    public override void AppendKey(StringBuilder path, int index) => Append(path, Key(index));

    /// <summary>
    /// Keys from hostile files cannot be chosen to collide: hashes of numbers are mixed with the process's random seed, as those of strings
    /// are.
    /// </summary>
    internal sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        bool IEqualityComparer<object>.Equals(object? first, object? second) => Equals(first, second);

        public int GetHashCode(object key) => key switch
        {
            long number => HashCode.Combine(unchecked((int)number), (int)(number >> 32)),
            double number => GetHashCode(BitConverter.DoubleToInt64Bits(number)),
            _ => key.GetHashCode(),
        };
    }
}
