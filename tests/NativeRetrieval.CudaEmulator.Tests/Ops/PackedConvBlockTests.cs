using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.CudaEmulator.Tests.Traffic;
using NativeRetrieval.OpCases;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>A first block in TF32, in which op cases do not run.</summary>
[Collection("device")]
public sealed class PackedConvBlockTests
{
    /// <summary>√2 · 2⁻¹⁰, that of TF32's products.</summary>
    const double Bound = 1.4e-3;

    public static TheoryData<string, string, string> Cases =>
        [.. from order in DeviceOrder.All
            from opCase in Blocks
            from size in opCase.Sizes
            select (order, opCase.GetType().Name, size)];

    static IEnumerable<OpCase> Blocks => OpCaseCatalogue.All.Where(opCase => opCase.Op == nameof(Core.Ops.Op.PackedConvBlock));

    [Theory, MemberData(nameof(Cases))]
    public void Is_right_within_the_rounding_of_its_operands(string order, string name, string size)
    {
        var opCase = Blocks.Single(block => block.GetType().Name == name);
        using var test = new TestDevice(order, Precision.Tf32);
        var runner = new OpCaseRunner(opCase, size, test.Device);
        double[] output = test.Run(_ => runner.Forward(DType.Float32));
        Golden.Check(opCase.Reference(size, [.. runner.Inputs.Select(input => input.Values)]), output, Bound, $"{name} {size}");
    }

    [Fact]
    public void Stores_no_map_before_the_pooled_one()
    {
        Emulator.Require();
        using var test = new TestDevice(DeviceOrder.All[0], Precision.Tf32);
        var opCase = Blocks.First();
        var runner = new OpCaseRunner(opCase, "1x64x64x18x4x3", test.Device);
        var kernels = new List<string>();
        runner.Watch(CountedLaunch.Begin, _ =>
        {
            test.Device.Synchronize();
            kernels.AddRange(CountedLaunch.End().Select(launch => launch.Kernel));
        });
        Assert.Equal("packed_conv_block_forward_f32", kernels[^1]);
        Assert.DoesNotContain(kernels, kernel => kernel.StartsWith("conv2d", StringComparison.Ordinal)
            || kernel.StartsWith("avg_pool2d", StringComparison.Ordinal));
    }
}
