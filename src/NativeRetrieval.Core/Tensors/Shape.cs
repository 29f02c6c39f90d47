using System.Runtime.CompilerServices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Tensors;

/// <summary>Sizes of a tensor's axes, outermost first. <c>[]</c> is a scalar; an axis may be 0.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>
{
    readonly int[]? _sizes;

    Shape(ReadOnlySpan<int> sizes)
    {
        foreach (int size in sizes)
            if (size < 0) throw new ShapeException($"an axis cannot have {size} elements: [{string.Join(", ", sizes.ToArray())}]");
        _sizes = SharedSizes.Of(sizes);
    }

    /// <summary>A shape of these sizes; serves collection expressions such as <c>[2, 3]</c>.</summary>
    /// <exception cref="ShapeException">A size is negative.</exception>
    public static Shape Create(ReadOnlySpan<int> sizes) => new(sizes);

    /// <summary>A shape of a copy of these sizes.</summary>
    /// <exception cref="ShapeException">A size is negative.</exception>
    public static implicit operator Shape(int[] sizes) => new(sizes.AsSpan());

    /// <summary>Number of axes.</summary>
    public int Length => _sizes?.Length ?? 0;

    /// <summary>Size of an axis, counted from the outermost; <c>^1</c> is the innermost.</summary>
    public int this[int axis] => _sizes![axis];

    /// <summary>A run of axes; enables <c>shape[..^1]</c>.</summary>
    public Shape Slice(int start, int length) => new(Sizes.Slice(start, length));

    /// <summary>All sizes, outermost first.</summary>
    public ReadOnlySpan<int> Sizes => _sizes;

    /// <summary>Walks the sizes, outermost first.</summary>
    public ReadOnlySpan<int>.Enumerator GetEnumerator() => Sizes.GetEnumerator();

    /// <summary>Number of elements: the product of the sizes, 1 for a scalar.</summary>
    public long Count
    {
        get
        {
            long count = 1;
            foreach (int size in Sizes) count = checked(count * size);
            return count;
        }
    }

    /// <summary>This shape with one more axis at the end.</summary>
    public Shape Append(int size)
    {
        Span<int> sizes = stackalloc int[Length + 1];
        Sizes.CopyTo(sizes);
        sizes[^1] = size;
        return new(sizes);
    }

    /// <summary>This shape with another size of the outermost axis.</summary>
    internal Shape WithFirst(int size)
    {
        Span<int> sizes = stackalloc int[Length];
        Sizes.CopyTo(sizes);
        sizes[0] = size;
        return new(sizes);
    }

    /// <summary>True where number and sizes of the axes are equal.</summary>
    public bool Equals(Shape other) => Sizes.SequenceEqual(other.Sizes);

    /// <summary>True of a <see cref="Shape"/> with the same sizes.</summary>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <summary>A hash of the sizes.</summary>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int size in Sizes) hash.Add(size);
        return hash.ToHashCode();
    }

    /// <summary>True where number and sizes of the axes are equal.</summary>
    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    /// <summary>True where number or sizes of the axes differ.</summary>
    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);

    /// <summary>The sizes in brackets, <c>[2, 3]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", _sizes ?? [])}]";

    /// <summary>Throws unless <paramref name="tensor"/> has exactly the shape <paramref name="expected"/>.</summary>
    /// <param name="why">The rule in words, e.g. <c>gain is one value per feature of x</c>.</param>
    public static void Expect(Tensor tensor, Shape expected, string why, [CallerMemberName] string op = "",
        [CallerArgumentExpression(nameof(tensor))] string name = "")
    {
        if (tensor.Shape != expected)
            throw new ShapeException($"{op}: {name} must be {expected} ({why}), got {tensor.Shape}");
    }

    /// <summary>Throws unless <paramref name="tensor"/> has <paramref name="rank"/> axes.</summary>
    public static void ExpectRank(Tensor tensor, int rank, string axes, [CallerMemberName] string op = "",
        [CallerArgumentExpression(nameof(tensor))] string name = "")
    {
        if (tensor.Shape.Length != rank)
            throw new ShapeException($"{op}: {name} must have {rank} axes {axes}, got {tensor.Shape}");
    }
}

/// <summary>
/// Equal sizes as one array: shapes that come again in every pass allocate nothing. A new array takes the place of one that has been there
/// longer; nothing but memory depends on what is kept.
/// </summary>
internal static class SharedSizes
{
    const int Bits = 12, Places = 4;

    static readonly int[]?[] _kept = new int[]?[(1 << Bits) + Places];

    /// <summary>An array of these sizes, never written to. Safe for concurrent callers.</summary>
    public static int[] Of(ReadOnlySpan<int> sizes)
    {
        uint hash = (uint)sizes.Length;
        foreach (int size in sizes) hash = (hash ^ (uint)size) * 16_777_619;
        int first = (int)(hash * 2_654_435_769 >> (32 - Bits)), place = first;
        for (; place < first + Places; place++)
        {
            if (Volatile.Read(ref _kept[place]) is not { } kept) break;
            if (sizes.SequenceEqual(kept)) return kept;
        }
        if (place == first + Places) place = first + (int)(hash % Places);
        int[] added = sizes.ToArray();
        Volatile.Write(ref _kept[place], added);
        return added;
    }
}
