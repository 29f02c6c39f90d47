using NativeRetrieval.Audio.Decoding;

namespace NativeRetrieval.Server.Sounds;

/// <summary>Samples in memory as a sound of one channel.</summary>
internal sealed class SampleStream(float[] samples, int sampleRateHz) : IAudioStream
{
    int _position;

    public int SampleRateHz => sampleRateHz;

    public int Channels => 1;

    public long? LengthFrames => samples.Length;

    public string? Defect => null;

    public int Read(Span<float> interleaved)
    {
        int count = Math.Min(interleaved.Length, samples.Length - _position);
        samples.AsSpan(_position, count).CopyTo(interleaved);
        _position += count;
        return count;
    }

    public void Dispose()
    {
    }
}
