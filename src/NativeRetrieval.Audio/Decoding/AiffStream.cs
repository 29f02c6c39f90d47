using NativeRetrieval.Core.Errors;
using NAudio.Wave;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>Linear PCM in AIFF, decoded by NAudio: what is taken where libsndfile is not installed.</summary>
internal sealed class AiffStream : IAudioStream
{
    readonly string _path;
    readonly AiffFileReader _reader;
    readonly ISampleProvider _samples;
    long _framesRead;

    AiffStream(string path, AiffFileReader reader) => (_path, _reader, _samples) = (path, reader, reader.ToSampleProvider());

    public int SampleRateHz => _reader.WaveFormat.SampleRate;

    public int Channels => _reader.WaveFormat.Channels;

    public long? LengthFrames => _reader.WaveFormat.BlockAlign == 0 ? null : _reader.Length / _reader.WaveFormat.BlockAlign;

    public string? Defect { get; private set; }

    /// <exception cref="AudioDecodeException">NAudio does not take the file.</exception>
    public static AiffStream Open(string path, Stream stream)
    {
        try
        {
            var reader = new AiffFileReader(stream);
            if (reader.WaveFormat is { Channels: >= 1, SampleRate: >= 1, BlockAlign: >= 1 }) return new AiffStream(path, reader);
            throw new InvalidDataException($"it says it has {reader.WaveFormat.Channels} channels at {reader.WaveFormat.SampleRate} Hz");
        }
        catch (Exception error) when (IsDamage(error))
        {
            stream.Dispose();
            throw new AudioDecodeException(path,
                $"looks like AIFF but cannot be decoded (NAudio: {error.Message}); {Libsndfile.HowToInstall} for other encodings", error);
        }
    }

    public int Read(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels;
        ArgumentOutOfRangeException.ThrowIfZero(room, nameof(interleaved));
        int frames;
        try
        {
            frames = _samples.Read(interleaved[..(room * Channels)]) / Channels;
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw new AudioDecodeException(_path, $"is damaged after frame {_framesRead} (NAudio: {error.Message})", error);
        }
        SampleRange.Check(_path, interleaved[..(frames * Channels)], Channels, _framesRead);
        _framesRead += frames;
        if (frames == 0 && LengthFrames > _framesRead)
            Defect ??= $"its sound ends after {_framesRead:N0} of {LengthFrames:N0} frames: it was cut off";
        return frames;
    }

    public void Dispose() => _reader.Dispose();

    static bool IsDamage(Exception error) => error is IOException or ArgumentException or InvalidDataException or FormatException
        or InvalidOperationException or NotSupportedException or OverflowException or IndexOutOfRangeException or NullReferenceException
        or DivideByZeroException or ApplicationException;
}
