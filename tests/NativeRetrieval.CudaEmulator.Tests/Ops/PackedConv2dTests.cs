using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.CudaEmulator.Tests.Traffic;
using NativeRetrieval.GradientChecks;
using NativeRetrieval.OpCases;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Ops;

/// <summary>Packed convolutions by transforms in TF32, in which op cases do not run.</summary>
[Collection("device")]
public sealed class PackedConv2dTests
{
    /// <summary>√2 · 2⁻¹⁰, that of TF32's products.</summary>
    const double Bound = 1.4e-3;

    /// <summary>Odd and even maps, less than a tile, more channels on one side than on the other.</summary>
    static readonly string[] _sizes = ["1x256x256x1x1x3", "2x256x260x3x4x3", "1x264x256x4x5x3"];

    public static TheoryData<string, string, string> Cases =>
        [.. from order in DeviceOrder.All
            from opCase in Convolutions
            from size in _sizes
            select (order, opCase.GetType().Name, size)];

    static IEnumerable<OpCase> Convolutions => OpCaseCatalogue.All.Where(opCase => opCase.Op == nameof(Core.Ops.Op.PackedConv2d));

    [Theory, MemberData(nameof(Cases))]
    public void By_transforms_are_right_within_the_bound_of_TF32(string order, string name, string size)
    {
        var opCase = Convolutions.Single(convolution => convolution.GetType().Name == name);
        using var test = new TestDevice(order, Precision.Tf32);
        var runner = new OpCaseRunner(opCase, size, test.Device);
        double[] output = Forced(test, transforms: true, () => runner.Forward(DType.Float32));
        Golden.Check(opCase.Reference(size, [.. runner.Inputs.Select(input => input.Values)]), output, Bound, $"{name} {size}");
    }

    [Fact]
    public void Transforms_are_taken_where_they_are_asked_for_alone()
    {
        Emulator.Require();
        using var test = new TestDevice(DeviceOrder.All[0], Precision.Tf32);
        var runner = new OpCaseRunner(Convolutions.First(), "2x256x260x3x4x3", test.Device);
        foreach (bool transforms in (bool[])[false, true])
        {
            var kernels = new List<string>();
            Forced(test, transforms, () =>
            {
                runner.Watch(CountedLaunch.Begin, _ =>
                {
                    test.Device.Synchronize();
                    kernels.AddRange(CountedLaunch.End().Select(launch => launch.Kernel));
                });
                return true;
            });
            string[] own = ["packed_conv2d_weight_f32", "packed_conv2d_filters_f32", "packed_conv2d_input_f32", "packed_conv2d_output_f32"];
            Assert.Equal(transforms ? own : own[..1],
                kernels.Where(kernel => kernel.StartsWith("packed_conv2d", StringComparison.Ordinal)));
        }
    }

    /// <summary>The device is that of other tests, too.</summary>
    static T Forced<T>(TestDevice test, bool transforms, Func<T> work)
    {
        ForcedChoices.Transform(test.Device, transforms);
        try
        {
            return test.Run(_ => work());
        }
        finally
        {
            ForcedChoices.Transform(test.Device, null);
        }
    }
}
