using System.Runtime.CompilerServices;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Core.Tensors;

/// <summary>Sizes of a tensor's axes, outermost first. <c>[]</c> is a scalar; an axis may be 0.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>
{
    readonly int[]? _sizes;

    Shape(int[] sizes)
    {
        foreach (int size in sizes)
            if (size < 0) throw new ShapeException($"an axis cannot have {size} elements: [{string.Join(", ", sizes)}]");
        _sizes = sizes;
    }

    public static Shape Create(ReadOnlySpan<int> sizes) => new(sizes.ToArray());

    public static implicit operator Shape(int[] sizes) => new((int[])sizes.Clone());

    /// <summary>Number of axes.</summary>
    public int Length => _sizes?.Length ?? 0;

    public int this[int axis] => _sizes![axis];

    /// <summary>A run of axes; enables <c>shape[..^1]</c>.</summary>
    public Shape Slice(int start, int length) => new(Sizes.Slice(start, length).ToArray());

    public ReadOnlySpan<int> Sizes => _sizes;

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
    public Shape Append(int size) => [.. Sizes, size];

    public bool Equals(Shape other) => Sizes.SequenceEqual(other.Sizes);

    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int size in Sizes) hash.Add(size);
        return hash.ToHashCode();
    }

    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);

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
