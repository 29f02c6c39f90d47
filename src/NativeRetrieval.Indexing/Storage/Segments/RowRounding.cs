using System.Runtime.Intrinsics;

namespace NativeRetrieval.Indexing.Storage.Segments;

/// <summary>Rounds rows from float32 to bfloat16, to the nearest and ties to even, and remembers how far that moved them.</summary>
internal unsafe struct RowRounding
{
    /// <summary>Makes up for the float32 sums of the two numbers below.</summary>
    const double Allowance = 1.01;

    float _error, _norm;

    /// <summary>The greatest ‖r − r'‖, rounded up.</summary>
    public readonly double LargestError => Math.Sqrt(_error) * Allowance;

    /// <summary>The greatest ‖r‖, rounded up.</summary>
    public readonly double LargestNorm => Math.Sqrt(_norm) * Allowance;

    /// <param name="count">Values of the row, a multiple of 16; zero behind the dimension.</param>
    /// <param name="width">Values of the copy, at least <paramref name="count"/>.</param>
    public void Round(float* row, int count, ushort* target, int width)
    {
        Vector256<float> error = default, norm = default;
        for (int i = 0; i < count; i += 16)
        {
            Vector256<float> a = Vector256.Load(row + i), b = Vector256.Load(row + i + 8);
            Vector256<uint> low = Rounded(a), high = Rounded(b);
            Vector256.Store(Vector256.Narrow(low, high), target + i);
            Vector256<float> awayA = a - (low << 16).AsSingle(), awayB = b - (high << 16).AsSingle();
            error += awayA * awayA + awayB * awayB;
            norm += a * a + b * b;
        }
        new Span<ushort>(target + count, width - count).Clear();
        // Not a number stays so, and nothing is then known of the rows.
        (_error, _norm) = (MathF.Max(_error, Vector256.Sum(error)), MathF.Max(_norm, Vector256.Sum(norm)));
    }

    static Vector256<uint> Rounded(Vector256<float> values)
    {
        var bits = values.AsUInt32();
        return (bits + Vector256.Create(0x7FFFu) + (bits >>> 16 & Vector256.Create(1u))) >>> 16;
    }
}
