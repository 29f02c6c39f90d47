using NativeRetrieval.Core.Devices;
using NativeRetrieval.Parity;
using NativeRetrieval.TestSupport;

namespace NativeRetrieval.CudaEmulator.Tests.Models;

/// <summary>
/// Encoders, losses, optimizers and whole training runs on the device against PyTorch's numbers: in float32 within the tolerances that the
/// CPU's is held to, in TF32 and bfloat16 within what their rounding makes of each case.
/// </summary>
[Collection("device")]
public sealed class ParityTests
{
    public static TheoryData<string, Precision> Cases => [.. from item in ParityCatalogue.All
        where item.OnAnyDevice
        from precision in Enum.GetValues<Precision>()
        where precision == Precision.Float32 || item.Reduced is not null
        select (item.Name, precision)];

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
}
