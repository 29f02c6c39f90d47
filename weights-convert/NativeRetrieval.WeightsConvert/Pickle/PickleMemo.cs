namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>Values under the numbers by which a pickle refers to them again.</summary>
sealed class PickleMemo
{
    readonly List<object> _dense = [];
    // A number that leaves a gap costs no more than any other: a hostile pickle starts at two billion.
    Dictionary<long, object>? _sparse;

    public int Count => _dense.Count + (_sparse?.Count ?? 0);

    public void Put(long index, object value)
    {
        if (index < _dense.Count) _dense[(int)index] = value;
        else if (index == _dense.Count) _dense.Add(value);
        else (_sparse ??= [])[index] = value;
    }

    public object Get(long index)
    {
        if (index < _dense.Count) return _dense[(int)index];
        return _sparse is not null && _sparse.TryGetValue(index, out object? value)
            ? value
            : throw new PickleError($"nothing was remembered under number {index}");
    }
}
