using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>
/// Rounding of vectors to fixed point: 16-bit integers in units of 2⁻¹⁵, saturated. Keeps the largest error and length of the vectors it
/// has seen.
/// </summary>
internal struct RowRounding
{
    /// <summary>Makes up for the float32 sums of the two numbers below.</summary>
    const double Allowance = 1.01;

    /// <summary>Units of 1.</summary>
    const float One = 1 << 15;

    float _error, _norm;

    /// <summary>The greatest ‖r − r'‖, rounded up.</summary>
    public readonly double LargestError => Math.Sqrt(_error) * Allowance;

    /// <summary>The greatest ‖r‖, rounded up.</summary>
    public readonly double LargestNorm => Math.Sqrt(_norm) * Allowance;

    /// <param name="target">As long as the row at least; zero behind it.</param>
    public void Round(ReadOnlySpan<float> row, Span<short> target)
    {
        Vector256<float> error = default, norm = default;
        int i = 0;
        for (; i + 16 <= row.Length; i += 16)
            Round(Vector256.Create(row[i..]), Vector256.Create(row[(i + 8)..]), ref error, ref norm).CopyTo(target[i..]);
        if (i < row.Length)
        {
            Span<float> last = stackalloc float[16];
            last.Clear();
            row[i..].CopyTo(last);
            var rest = Round(Vector256.Create<float>(last), Vector256.Create<float>(last[8..]), ref error, ref norm);
            for (; i < row.Length; i++) target[i] = rest[i % 16];
        }
        End(error, norm, target[row.Length..]);
    }

    /// <inheritdoc cref="Round(ReadOnlySpan{float}, Span{short})"/>
    /// <param name="row">As many values as a multiple of 16.</param>
    public void Round(ReadOnlySpan<BFloat16> row, Span<short> target)
    {
        Vector256<float> error = default, norm = default;
        var bits = MemoryMarshal.Cast<BFloat16, ushort>(row);
        for (int i = 0; i < row.Length; i += 16)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(bits[i..]));
            Round((low << 16).AsSingle(), (high << 16).AsSingle(), ref error, ref norm).CopyTo(target[i..]);
        }
        End(error, norm, target[row.Length..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<short> Round(Vector256<float> a, Vector256<float> b, ref Vector256<float> error, ref Vector256<float> norm)
    {
        // Values outside the range of an int32 become unspecified ones; the error below counts how far off those are.
        var low = Vector256.ConvertToInt32Native(Vector256.Round(a * One));
        var high = Vector256.ConvertToInt32Native(Vector256.Round(b * One));
        var values = Vector256.NarrowWithSaturation(low, high);
        (low, high) = Vector256.Widen(values);
        Vector256<float> awayA = a - Vector256.ConvertToSingle(low) / One, awayB = b - Vector256.ConvertToSingle(high) / One;
        error += awayA * awayA + awayB * awayB;
        norm += a * a + b * b;
        return values;
    }

    void End(Vector256<float> error, Vector256<float> norm, Span<short> behind)
    {
        behind.Clear();
        // Not a number stays so, and nothing is then known of the rows.
        (_error, _norm) = (MathF.Max(_error, Vector256.Sum(error)), MathF.Max(_norm, Vector256.Sum(norm)));
    }
}
