using NativeRetrieval.OpCases;

namespace NativeRetrieval.CudaEmulator.Tests.Traffic;

/// <summary>
/// Speed without a GPU: at the models' widths every kernel moves little more than it must, in whole sectors and without bank conflicts.
/// </summary>
[Collection("device")]
public sealed class TrafficTests
{
    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var opCase in OpCaseCatalogue.All)
            foreach (string size in opCase.ModelSizes) data.Add(opCase.GetType().Name, size);
        return data;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Traffic_is_near_the_least(string name, string size)
    {
        Emulator.Require();
        using var test = new TestDevice("forward");
        // The other tests look for races; here they would take most of the time.
        DeviceOrder.Set("NR_EMU_CHECK_RACES", "0");
        try
        {
            var wrong = PassTraffic.Of(OpCaseCatalogue.All.Single(c => c.GetType().Name == name), size, test);
        }
        finally
        {
            DeviceOrder.Set("NR_EMU_CHECK_RACES", "1");
        }
    }
}
