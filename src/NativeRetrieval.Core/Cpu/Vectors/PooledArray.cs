using System.Buffers;

namespace NativeRetrieval.Core.Cpu.Vectors;

/// <summary>Zeros in an array that goes back to a pool: working memory of one call.</summary>
internal readonly struct PooledArray<T> : IDisposable where T : unmanaged
{
    readonly T[]? _array;

    public PooledArray(int length)
    {
        _array = ArrayPool<T>.Shared.Rent(length);
        Length = length;
        Span.Clear();
    }

    public int Length { get; }

    public Span<T> Span => _array.AsSpan(0, Length);

    public ref T this[int index] => ref Span[index];

    public void Dispose()
    {
        if (_array is not null) ArrayPool<T>.Shared.Return(_array);
    }
}
