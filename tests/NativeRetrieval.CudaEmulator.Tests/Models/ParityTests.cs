using NativeRetrieval.Core.Devices;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Models;

/// <summary>
/// Encoders, losses, optimizers and whole training runs on the device against PyTorch's numbers: in float32 within the tolerances that the
/// CPU's is held to, in TF32 or bfloat16 within what its rounding makes of each case: on the emulator in one of the two by turns, or with
/// NATIVERETRIEVAL_PRECISIONS=all in both.
/// </summary>
[Collection("device")]
public sealed class ParityTests
{
    public static TheoryData<string, Precision> Cases => [.. ParityCatalogue.All.Where(item => item.OnAnyDevice)
        .SelectMany((item, i) => Precisions(item, i).Select(precision => (item.Name, precision)))];

    [Theory, MemberData(nameof(Cases))]
    public void The_reference_s_values_are_met(string name, Precision precision)
    {
        using var test = new TestDevice(DeviceOrder.All[0], precision);
        var item = ParityCatalogue.All.Single(one => one.Name == name);
        var folder = new ParityFolder(Fixtures.Small(""), device: test.Device);
        if (item.Files.Any(file => folder.Find(file) is null))
        {
            Assert.SkipWhen(Emulator.IsUsed, "full-size models take the emulator hours; this case is for a GPU");
            Assert.SkipWhen(Fixtures.Shared("fixtures") is null, Fixtures.WhyAbsent(string.Join(", ", item.Files)));
            folder = new ParityFolder(Fixtures.Shared("fixtures")!, device: test.Device);
            Assert.SkipWhen(item.Files.Any(file => folder.Find(file) is null), Fixtures.WhyAbsent(string.Join(", ", item.Files)));
        }
        var result = test.Run(_ => item.Run(folder));
        Assert.True(result.Status == ParityStatus.Ok,
            $"{name}: error {result.Error:E2}, tolerance {result.Tolerance:E1}; {result.Detail} {DeviceOrder.Report()}");
    }

    /// <summary>Cases come in pairs, of results and of gradients: the turn changes from pair to pair, so that each kind has both.</summary>
    static Precision[] Precisions(ParityCase item, int number)
    {
        if (item.Reduced is null) return [Precision.Float32];
        bool all = !Emulator.IsUsed || Environment.GetEnvironmentVariable("NATIVERETRIEVAL_PRECISIONS") == "all";
        if (all) return Enum.GetValues<Precision>();
        return [Precision.Float32, (number + number / 2) % 2 == 0 ? Precision.Tf32 : Precision.BFloat16];
    }
}
