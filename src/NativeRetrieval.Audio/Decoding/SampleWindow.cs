namespace NativeRetrieval.Audio.Decoding;

/// <summary>A stretch of a longer recording.</summary>
/// <param name="StartSample">Position of its first sample in the file, 0 or more, at <paramref name="SampleRateHz"/>.</param>
/// <param name="Samples">Mono, full scale ±1, at least one.</param>
public sealed record SampleWindow(long StartSample, int SampleRateHz, float[] Samples)
{
    /// <summary>Start within the recording, in seconds.</summary>
    public double StartSeconds => (double)StartSample / SampleRateHz;

    /// <summary>End within the recording, in seconds.</summary>
    public double EndSeconds => (double)(StartSample + Samples.Length) / SampleRateHz;
}
