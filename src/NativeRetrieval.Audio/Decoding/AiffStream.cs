using NativeRetrieval.Core.Errors;
using NAudio.Wave;

namespace NativeRetrieval.Audio.Decoding;

/// <summary>Linear PCM in AIFF, decoded by NAudio: what is taken where libsndfile is not installed.</summary>
internal sealed class AiffStream : IAudioStream
{
    readonly string _path;
    readonly Stream _file;
    readonly AiffFileReader _reader;
    readonly ISampleProvider _samples;
    long _framesRead;

    AiffStream(string path, Stream file, AiffFileReader reader) =>
        (_path, _file, _reader, _samples, Defect) = (path, file, reader, reader.ToSampleProvider(), ContainerSize.DefectOf(file));

    public int SampleRateHz => _reader.WaveFormat.SampleRate;

    public int Channels => _reader.WaveFormat.Channels;

    public long? LengthFrames => _reader.WaveFormat.BlockAlign == 0 ? null : _reader.Length / _reader.WaveFormat.BlockAlign;

    public string? Defect { get; private set; }

    /// <param name="file">Closed with the stream, and where opening fails.</param>
    /// <exception cref="AudioDecodeException">NAudio does not take the file.</exception>
    public static AiffStream Open(string path, Stream file)
    {
        try
        {
            // NAudio refuses a sound chunk that is longer than the file; a file that was cut is shown with the length it had.
            long end = Math.Max(file.Length, ContainerSize.EndOf(file) ?? 0);
            var reader = new AiffFileReader(new StreamPart(file, [(0, end)]));
            if (reader.WaveFormat is not { Channels: >= 1, SampleRate: >= 1, BlockAlign: >= 1 } form)
                throw new InvalidDataException("it has no channels or no sample rate");
            if (form.BlockAlign != form.Channels * (form.BitsPerSample / 8))
                throw new InvalidDataException($"{form.BitsPerSample} bits a sample");
            return new AiffStream(path, file, reader);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            file.Dispose();
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
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new AudioDecodeException(_path, $"is damaged after frame {_framesRead} (NAudio: {error.Message})", error);
        }
        SampleRange.Check(_path, interleaved[..(frames * Channels)], Channels, _framesRead);
        _framesRead += frames;
        if (frames == 0 && LengthFrames > _framesRead)
            Defect ??= $"its sound ends after {_framesRead:N0} of {LengthFrames:N0} frames: it was cut off";
        return frames;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _file.Dispose();
    }
}
