using System.Buffers;
using System.Runtime.CompilerServices;

namespace NativeRetrieval.Text;

/// <summary>A list that starts in the caller's stack memory and moves to pooled arrays when it outgrows it.</summary>
internal ref struct ValueBuffer<T>(Span<T> initial) where T : unmanaged
{
    Span<T> _items = initial;
    T[]? _rented;

    public int Count { get; private set; }

    public readonly Span<T> Items => _items[..Count];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T item)
    {
        int at = Count;
        if ((uint)at >= (uint)_items.Length) Grow();
        _items[at] = item;
        Count = at + 1;
    }

    public void Insert(int at, T item)
    {
        Add(item);
        Items[at..^1].CopyTo(_items[(at + 1)..]);
        _items[at] = item;
    }

    /// <summary>Drops everything after the first <paramref name="count"/> items.</summary>
    public void Truncate(int count) => Count = Math.Min(Count, count);

    public void Dispose()
    {
        if (_rented is { } rented) ArrayPool<T>.Shared.Return(rented);
        _rented = null;
        _items = default;
        Count = 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Grow()
    {
        var larger = ArrayPool<T>.Shared.Rent(checked(Math.Max(256, 2 * _items.Length)));
        _items.CopyTo(larger);
        if (_rented is { } rented) ArrayPool<T>.Shared.Return(rented);
        _items = _rented = larger;
    }
}
