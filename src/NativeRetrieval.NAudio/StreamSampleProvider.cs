using NAudio.Wave;
using NativeRetrieval.Audio.Decoding;

namespace NativeRetrieval.NAudio;

/// <summary>An <see cref="IAudioStream"/> as a source of NAudio, which may ask for any number of samples, parts of frames too.</summary>
internal sealed class StreamSampleProvider(IAudioStream stream) : ISampleProvider
{
    readonly float[] _frame = new float[stream.Channels];
    int _left;      // samples at the end of _frame that are not yet given

    public WaveFormat WaveFormat { get; } = WaveFormat.CreateIeeeFloatWaveFormat(stream.SampleRateHz, stream.Channels);

    public int Read(Span<float> buffer)
    {
        int count = 0;
        while (count < buffer.Length)
        {
            var room = buffer[count..];
            if (_left == 0 && room.Length >= _frame.Length)
            {
                int frames = stream.Read(room);
                if (frames == 0) break;
                count += frames * _frame.Length;
                continue;
            }
            if (_left == 0)
            {
                if (stream.Read(_frame) == 0) break;
                _left = _frame.Length;
            }
            int given = Math.Min(_left, room.Length);
            _frame.AsSpan(_frame.Length - _left, given).CopyTo(room);
            _left -= given;
            count += given;
        }
        return count;
    }
}
