using System.Numerics;
using System.Runtime.InteropServices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Serialization;

/// <summary>Turns stored elements of any type into numbers of one type.</summary>
public static class ElementConversion
{
    /// <summary>
    /// Converts element by element: to floating point by rounding to nearest, from floating point to integers by dropping the fraction
    /// and saturating (NaN gives 0), from wide to narrow integers by dropping the upper bits. A bool becomes 0 or 1.
    /// </summary>
    /// <param name="source">Little-endian elements at any alignment.</param>
    /// <param name="dtype">Type of the elements of <paramref name="source"/>.</param>
    /// <param name="destination">As many elements as <paramref name="source"/> holds.</param>
    /// <exception cref="ShapeException">The number of elements differs.</exception>
    public static void Convert<T>(ReadOnlySpan<byte> source, DType dtype, Span<T> destination) where T : unmanaged, INumberBase<T>
    {
        if (source.Length / dtype.SizeBytes() != destination.Length)
            throw new ShapeException(
                $"{destination.Length} elements were asked for, the stored tensor has {source.Length / dtype.SizeBytes()}");
        switch (dtype)
        {
            case DType.Float32: From<float, T>(source, destination); break;
            case DType.Float64: From<double, T>(source, destination); break;
            case DType.Float16: From<Half, T>(source, destination); break;
            case DType.Int64: From<long, T>(source, destination); break;
            case DType.Int32: From<int, T>(source, destination); break;
            case DType.Int16: From<short, T>(source, destination); break;
            case DType.Int8: From<sbyte, T>(source, destination); break;
            case DType.UInt8: From<byte, T>(source, destination); break;
            case DType.Bool:
                for (int i = 0; i < destination.Length; i++) destination[i] = source[i] == 0 ? T.Zero : T.One;
                break;
            case DType.BFloat16:
                var halves = MemoryMarshal.Cast<byte, ushort>(source);
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = T.CreateTruncating(BitConverter.UInt32BitsToSingle((uint)halves[i] << 16));
                break;
            default: throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "not an element type");
        }
    }

    static void From<TFrom, T>(ReadOnlySpan<byte> source, Span<T> destination)
        where TFrom : unmanaged, INumberBase<TFrom> where T : unmanaged, INumberBase<T>
    {
        if (typeof(TFrom) == typeof(T))
        {
            source.CopyTo(MemoryMarshal.AsBytes(destination));
            return;
        }
        var values = MemoryMarshal.Cast<byte, TFrom>(source);
        for (int i = 0; i < destination.Length; i++) destination[i] = T.CreateTruncating(values[i]);
    }
}
