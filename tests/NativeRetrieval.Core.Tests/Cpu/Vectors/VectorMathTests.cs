using System.Numerics;
using NativeRetrieval.Core.Cpu.Vectors;

namespace NativeRetrieval.Core.Tests.Cpu.Vectors;

public sealed class VectorMathTests
{
    [Fact]
    public void Exp_is_within_2e_7_of_its_value()
    {
        for (float x = -87; x <= 88; x += 0.01f)
        {
            double expected = Math.Exp(x);
            Assert.InRange(VectorMath.Exp(new Vector<float>(x))[0], expected * (1 - 2e-7), expected * (1 + 2e-7));
        }
    }

    [Fact]
    public void Exp_outside_its_range_stays_finite_and_keeps_nan()
    {
        Assert.Equal(1.6e-38, VectorMath.Exp(new Vector<float>(float.NegativeInfinity))[0], 1e-39);
        Assert.Equal(1.65e38f, VectorMath.Exp(new Vector<float>(float.PositiveInfinity))[0], 1e36f);
        Assert.True(float.IsNaN(VectorMath.Exp(new Vector<float>(float.NaN))[0]));
    }

    [Fact]
    public void The_normal_distribution_is_within_3e_7()
    {
        for (float x = -20; x <= 20; x += 0.003f)
        {
            var (distribution, density) = VectorMath.Normal(new Vector<float>(x));
            Assert.Equal(SpecialFunctions.NormalDistribution(x), distribution[0], 3e-7);
            Assert.Equal(SpecialFunctions.NormalDensity(x), density[0], 3e-7);
        }
    }

    [Theory]
    // Reference values of Φ to 15 digits.
    [InlineData(0, 0.5)]
    [InlineData(1, 0.841344746068543)]
    [InlineData(-1, 0.158655253931457)]
    [InlineData(2.5, 0.993790334674224)]
    [InlineData(-3, 0.00134989803163009)]
    [InlineData(-6, 9.86587645037698e-10)]
    public void The_double_precision_distribution_has_15_digits(double x, double expected) =>
        Assert.Equal(1, SpecialFunctions.NormalDistribution(x) / expected, 1e-14);
}
