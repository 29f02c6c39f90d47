using NativeRetrieval.Core.Errors;
using NVorbis;

namespace NativeRetrieval.Audio.Decoding.Ogg;

/// <summary>One Vorbis stream, decoded by NVorbis: what is taken where libsndfile is not installed.</summary>
internal sealed class VorbisStream : IAudioStream
{
    readonly string _path;
    readonly VorbisReader _reader;
    readonly long _granule;
    long _framesRead;

    VorbisStream(string path, VorbisReader reader, long granule) => (_path, _reader, _granule) = (path, reader, granule);

    public int SampleRateHz => _reader.SampleRate;

    public int Channels => _reader.Channels;

    /// <summary>The last granule position: the encoder's own last block is longer than the sound.</summary>
    public long? LengthFrames => _granule > 0 ? _granule : null;

    public string? Defect { get; private set; }

    /// <param name="stream">The link's bytes; closed with the stream.</param>
    /// <param name="lastGranule">Position behind the link's last page, in samples.</param>
    /// <exception cref="AudioDecodeException">The stream's headers are damaged.</exception>
    public static VorbisStream Open(string path, Stream stream, long lastGranule)
    {
        try
        {
            var reader = new VorbisReader(stream, closeOnDispose: true) { ClipSamples = false };
            if (reader.Channels >= 1 && reader.SampleRate >= 1) return new VorbisStream(path, reader, lastGranule);
            reader.Dispose();
            throw new AudioDecodeException(path,
                $"says it has {reader.Channels} channels at {reader.SampleRate} Hz; expected at least 1 of each");
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw new AudioDecodeException(path, $"looks like Ogg Vorbis but cannot be decoded: {error.Message}", error);
        }
    }

    public int Read(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels;
        ArgumentOutOfRangeException.ThrowIfZero(room, nameof(interleaved));
        if (_granule > 0) room = (int)Math.Min(room, Math.Max(0, _granule - _framesRead));
        if (room == 0) return 0;
        var samples = interleaved[..(room * Channels)];
        int frames;
        try
        {
            frames = _reader.ReadSamples(samples) / Channels;
        }
        catch (Exception error) when (IsDamage(error))
        {
            Defect ??= $"its Vorbis data is damaged after {(double)_framesRead / SampleRateHz:F2} s ({error.Message}); "
                + "what follows is left out";
            return 0;
        }
        SampleRange.Check(_path, samples[..(frames * Channels)], Channels, _framesRead);
        _framesRead += frames;
        return frames;
    }

    public void Dispose() => _reader.Dispose();

    /// <summary>NVorbis trusts what it reads; damage shows as any of these.</summary>
    static bool IsDamage(Exception error) => error is ArgumentException or IndexOutOfRangeException or InvalidDataException
        or InvalidOperationException or OverflowException or NullReferenceException or IOException or NotSupportedException
        or DivideByZeroException or KeyNotFoundException;
}
