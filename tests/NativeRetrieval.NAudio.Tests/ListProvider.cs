using NAudio.Wave;

namespace NativeRetrieval.NAudio.Tests;

/// <summary>A source of given samples that gives at most so many at a time, and fails where a test asks for it.</summary>
internal sealed class ListProvider(int sampleRateHz, int channels, float[] samples, int atMost = int.MaxValue, Exception? failure = null)
    : ISampleProvider, IDisposable
{
    int _position;

    public WaveFormat WaveFormat { get; } = WaveFormat.CreateIeeeFloatWaveFormat(sampleRateHz, channels);

    public bool IsDisposed { get; private set; }

    public int Read(Span<float> buffer)
    {
        if (_position == samples.Length && failure is not null) throw failure;
        int count = Math.Min(Math.Min(buffer.Length, atMost), samples.Length - _position);
        samples.AsSpan(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public void Dispose() => IsDisposed = true;
}
