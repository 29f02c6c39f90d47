using NativeRetrieval.Training.Data;

namespace NativeRetrieval.Training.Settings;

/// <summary>Section <c>data</c>.</summary>
public sealed record DataSettings
{
    [Setting("an epoch holds every caption, or every clip with one caption drawn anew")]
    public CaptionSampling Captions { get; init; } = CaptionSampling.All;
}
