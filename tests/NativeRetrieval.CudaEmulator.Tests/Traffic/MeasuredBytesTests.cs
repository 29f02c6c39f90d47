using System.Globalization;
using NativeRetrieval.Core.Tensors;
using NativeRetrieval.OpCases;

namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>
/// Bytes that the emulator counts, each sector once in a launch, beside the DRAM bytes that ncu read on an H100 in the training step of
/// 32 x 10 s at commit ab6b81a, whose kernels moved the same then: counted at a smaller size, and scaled by elements.
/// </summary>
[Collection("device")]
public sealed class MeasuredBytesTests(ITestOutputHelper output)
{
    /// <summary>Parameters of that step; pixels of all channels behind its first pooling.</summary>
    const long Parameters = 194_336_704, Pooled = 32 * 64 * 500 * 32;

    [Theory]
    [InlineData("AdamCase", "262144", false, "adam_step_f32", 3 * 262_144, Parameters, 5418.34)]
    [InlineData("ClipScaleCase", "3x50000", false, "clip_scale_partial_f32", 2 * 150_000, Parameters, 794)]
    [InlineData("AvgPool2dBlockedCase", "2x64x40x64x2x2", false, "avg_pool2d_forward_f32", 2 * 64 * 20 * 32, Pooled, 666.54)]
    [InlineData("AvgPool2dBlockedCase", "2x64x40x64x2x2", true, "avg_pool2d_backward_f32", 2 * 64 * 20 * 32, Pooled, 651.75)]
    public void Counted_bytes_are_what_a_GPU_moved(
        string name, string size, bool backward, string kernel, long elements, long elementsOfStep, double measuredMegabytes)
    {
        Emulator.Require();
        using var test = new TestDevice("forward");
        var passes = PassTraffic.Of(OpCaseCatalogue.All.Single(c => c.GetType().Name == name), size, DType.Float32, test);
        var launches = passes[backward ? 1 : 0].Launches.Where(launch => launch.Kernel == kernel).ToList();
        Assert.NotEmpty(launches);
        double bytes = 32.0 * launches.Sum(launch => (double)(launch.Counters.Read.Unique + launch.Counters.Written.Unique));
        double scaled = bytes / elements * elementsOfStep / 1e6;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{kernel}: {bytes / elements:F2} bytes an element, {scaled:F0} MB in the step; ncu {measuredMegabytes:F0}"));
        Assert.InRange(scaled / measuredMegabytes, 0.95, 1.05);
    }
}
