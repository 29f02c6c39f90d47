using NativeRetrieval.Core.Tensors;
using NativeRetrieval.Indexing.Storage.Segments;

namespace NativeRetrieval.Indexing.Tests;

public sealed class RowRoundingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(45)]
    public void Values_are_rounded_to_units_of_two_to_the_minus_fifteen(int values)
    {
        float[] row = [.. Enumerable.Range(0, values).Select(i => (i % 2 == 0 ? 0.3f : -0.7f) / (i + 1))];
        short[] copy = Filled(64);
        var rounding = new RowRounding();
        rounding.Round(row, copy);
        Assert.Equal(row.Select(value => (short)Math.Round(value * 32768.0)), copy[..values]);
        Assert.All(copy[values..], value => Assert.Equal(0, value));
        double error = Math.Sqrt(row.Zip(copy, (value, unit) => Math.Pow(value - unit / 32768.0, 2)).Sum());
        Assert.InRange(rounding.LargestError, error, 1.02 * error + 1e-9);
        double norm = Math.Sqrt(row.Sum(value => (double)value * value));
        Assert.InRange(rounding.LargestNorm, norm, 1.02 * norm);
    }

    [Fact]
    public void Rows_of_bfloat16_round_as_their_values_do()
    {
        BFloat16[] row = [.. Enumerable.Range(0, 48).Select(i => (BFloat16)(MathF.Sin(i) / 5))];
        short[] copy = Filled(64), expected = new short[64];
        RowRounding rounding = new(), wide = new();
        rounding.Round(row, copy);
        wide.Round([.. row.Select(value => (float)value)], expected);
        Assert.Equal(expected, copy);
        Assert.Equal((wide.LargestError, wide.LargestNorm), (rounding.LargestError, rounding.LargestNorm));
    }

    /// <summary>1 is one unit more than an integer of 16 bits holds; what is farther beyond is an error as large.</summary>
    [Theory]
    [InlineData(1f, 1f / 32768)]
    [InlineData(-1f, 0f)]
    [InlineData(3f, 2f)]
    [InlineData(1e30f, 1e30f)]
    [InlineData(-1e30f, 1e30f)]
    [InlineData(float.NaN, float.NaN)]
    public void What_does_not_fit_is_counted_as_an_error(float value, float error)
    {
        var rounding = new RowRounding();
        rounding.Round([0.25f], new short[1]);
        rounding.Round([value, 0], new short[2]);
        if (float.IsNaN(value)) Assert.True(double.IsNaN(rounding.LargestError));
        else if (value > 1e20f || value < -1e20f) Assert.True(rounding.LargestError >= error);
        else Assert.InRange(rounding.LargestError, error, 1.02 * error + 1e-4);
    }

    static short[] Filled(int count)
    {
        short[] values = new short[count];
        Array.Fill(values, (short)77);
        return values;
    }
}
