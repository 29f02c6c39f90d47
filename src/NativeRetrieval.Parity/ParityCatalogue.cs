using NativeRetrieval.Parity.Cases;

namespace NativeRetrieval.Parity;

/// <summary>Every case, from the front end to whole training runs.</summary>
public static class ParityCatalogue
{
    public static IReadOnlyList<ParityCase> All { get; } =
    [
        .. LogMelCases.All, .. ResamplingCases.All, .. AudioEncoderCases.All, .. PannsCases.All, .. BertCases.All, .. LossCases.All, .. OptimizerCases.All,
        .. MetricCases.All, .. TokenizerCases.All, .. TrainingCases.All,
    ];
}
