using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Tests.Devices;

public sealed class PrecisionTests
{
    [Fact]
    public void Every_precision_has_a_name_that_finds_it()
    {
        Assert.Equal(["fp32", "tf32", "bf16"], PrecisionName.All);
        foreach (var precision in Enum.GetValues<Precision>()) Assert.Equal(precision, PrecisionName.Find(PrecisionName.Of(precision)));
        Assert.Null(PrecisionName.Find("half"));
        Assert.Null(PrecisionName.Find("FP32"));
    }

    [Fact]
    public void The_cpu_computes_and_stores_in_float32() =>
        Assert.Equal((Precision.Float32, DType.Float32), (CpuDevice.Shared.Precision, CpuDevice.Shared.Activations));
}
