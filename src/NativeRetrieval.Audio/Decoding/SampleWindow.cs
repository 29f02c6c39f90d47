namespace NativeRetrieval.Audio.Decoding;

/// <summary>A stretch of a longer recording.</summary>
/// <param name="StartSample">Of its first sample within the file, at <paramref name="SampleRateHz"/>.</param>
/// <param name="Samples">Mono, full scale ±1, at least one.</param>
public sealed record SampleWindow(long StartSample, int SampleRateHz, float[] Samples)
{
    public double StartSeconds => (double)StartSample / SampleRateHz;

    public double EndSeconds => (double)(StartSample + Samples.Length) / SampleRateHz;
}
