using NativeRetrieval.Core.Features;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>A front end by name.</summary>
sealed record FrontEndDocument(string Name, int SampleRateHz, int WindowSamples, int HopSamples, int MelBins, double MinHz, double MaxHz)
{
    public FrontEndForm ToForm() => new(Name, new LogMelSettings
    {
        SampleRateHz = SampleRateHz,
        WindowSamples = WindowSamples,
        HopSamples = HopSamples,
        MelBins = MelBins,
        MinHz = MinHz,
        MaxHz = MaxHz,
    });
}
