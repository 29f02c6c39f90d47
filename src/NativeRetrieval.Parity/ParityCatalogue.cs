using NativeRetrieval.Core.Devices;
using NativeRetrieval.Parity.Cases;

namespace NativeRetrieval.Parity;

/// <summary>Every case, from the front end to whole training runs.</summary>
public static class ParityCatalogue
{
    /// <summary>All cases in the order of a report.</summary>
    public static IReadOnlyList<ParityCase> All { get; } =
    [
        .. LogMelCases.All, .. ResamplingCases.All, .. AudioEncoderCases.All, .. PannsCases.All, .. BertCases.All, .. ClapCases.All,
        .. LossCases.All, .. OptimizerCases.All, .. MetricCases.All, .. TokenizerCases.All, .. TrainingCases.All,
    ];

    /// <summary>The cases that a device can be put to: all on the CPU, those of its float32 operations on another.</summary>
    public static IReadOnlyList<ParityCase> For(Device device) => device is CpuDevice ? All : [.. All.Where(item => item.OnAnyDevice)];
}
