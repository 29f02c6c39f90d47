using NativeRetrieval.Models;
namespace NativeRetrieval.Training.Settings;

/// <summary>
/// Section <c>audio</c>. The front end itself (32 kHz, 1024-point window, hop 320, 64 mel bins) is fixed by the encoders.
/// </summary>
public sealed record AudioSettings
{
    /// <summary>Longest part of a clip that is used, from its start, in seconds.</summary>
    [Setting("longest part of a clip that is used, from its start, in seconds", Min = 0.1, Max = 3600)]
    public double MaxSeconds { get; init; } = 30;

    /// <summary>Filling of a batch of clips of different lengths.</summary>
    [Setting("what fills a batch of clips of different lengths")]
    public PaddingRule Padding { get; init; } = PaddingRule.OwnLength;
}
