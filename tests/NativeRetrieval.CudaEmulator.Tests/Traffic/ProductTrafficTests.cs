using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.GradientChecks;
using NativeRetrieval.OpCases;

namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>
/// Kernels in the place of a library's product and beside it, which <see cref="TrafficTests"/> do not reach: with a tape GELU is an op of
/// its own, and a device that times nothing takes the library's first proposal.
/// </summary>
[Collection("device")]
public sealed class ProductTrafficTests
{
    /// <summary>Four sentences of 32 tokens; a part of the 3,072 outputs.</summary>
    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.Tf32)]
    public void A_product_with_GELU(Precision precision)
    {
        using var test = Open(precision);
        Holds("linear_gelu_f32", Passes("LinearGeluCase", "4x32x768x256", DType.Float32, test, recorded: false).Single());
    }

    /// <summary>
    /// The bias gradient of a linear layer in float32, whose product is one of split operands; of the others where the library has none.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_bias_gradient_by_itself(bool bfloat16)
    {
        using var test = Open(Precision.Float32);
        DeviceOrder.Set("NR_EMU_BIAS_GRADIENTS", "0");
        try
        {
            var backward = Passes("LinearWithBiasCase", "8x32x16x768", bfloat16 ? DType.BFloat16 : DType.Float32, test)[1];
            string kernel = bfloat16 ? "linear_bias_gradient_bf16" : "linear_bias_gradient_f32";
            Holds(kernel, backward with { LeastBytes = 8 * 32 * 768 * (bfloat16 ? 2 : sizeof(float)) });
        }
        finally
        {
            DeviceOrder.Set("NR_EMU_BIAS_GRADIENTS", "1");
        }
    }

    /// <summary>
    /// The gradient that a residual connection has sent to a layer's input is added by the product; forward the sum is a pass.
    /// </summary>
    [Fact]
    public void A_gradient_beside_a_residual_connection()
    {
        using var test = Open(Precision.Tf32);
        Assert.Equal([1, 0], Passes("LinearBesideResidualCase", "2x3x8x8", DType.Float32, test)
            .Select(pass => pass.Launches.Count(launch => launch.Kernel == "add_forward_f32")));
    }

    /// <summary>Both operands are read once, and each of their three parts is written once.</summary>
    [Theory]
    [InlineData("MatMulPlainCase")]
    [InlineData("MatMulTransposedBothCase")]
    public void Operands_of_three_TF32_products(string name)
    {
        using var test = Open(Precision.Float32);
        const string Size = "64x768x256";
        // A choice is there to be changed once the product has been computed.
        Passes(name, Size, DType.Float32, test, recorded: false);
        ForcedChoices.Take(test.Device, split: true);
        try
        {
            var pass = Passes(name, Size, DType.Float32, test, recorded: false).Single();
            Holds("mat_mul_split_f32", pass with { LeastBytes = 4 * sizeof(float) * (64 + 256) * 768 });
        }
        finally
        {
            ForcedChoices.Take(test.Device, split: false);
        }
    }

    static TestDevice Open(Precision precision)
    {
        Emulator.Require();
        return new("forward", precision);
    }

    static IReadOnlyList<PassTraffic> Passes(string name, string size, DType stored, TestDevice test, bool recorded = true)
    {
        // Other tests look for races; here that would take most of the time.
        DeviceOrder.Set("NR_EMU_CHECK_RACES", "0");
        try
        {
            return PassTraffic.Of(OpCaseCatalogue.All.Single(c => c.GetType().Name == name), size, stored, test, recorded);
        }
        finally
        {
            DeviceOrder.Set("NR_EMU_CHECK_RACES", "1");
        }
    }

    /// <summary>The pass launched the kernel, and what the kernel moved is within all limits.</summary>
    static void Holds(string kernel, PassTraffic pass)
    {
        var own = pass with { Name = $"{kernel}, {pass.Name}", Launches = [.. pass.Launches.Where(launch => launch.Kernel == kernel)] };
        Assert.NotEmpty(own.Launches);
        string[] all = [.. TrafficLimit.All.Select(limit => limit.Check(own)).OfType<string>(),
            .. own.Launches.SelectMany(Occupancy.Complaints).Distinct()];
        Assert.True(all.Length == 0, string.Join('\n', all));
    }
}
