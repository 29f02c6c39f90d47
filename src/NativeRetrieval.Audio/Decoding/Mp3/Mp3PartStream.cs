using NativeRetrieval.Core.Errors;
using NLayer;

namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>
/// One part of an MP3 file, decoded frame by frame. A frame that cannot be decoded becomes silence of its length, so that what follows
/// keeps its time; the encoder's delay is skipped as mpg123 does it.
/// </summary>
internal sealed class Mp3PartStream : IAudioStream
{
    readonly string _path;
    readonly Stream _file;
    readonly Mp3Part _part;
    readonly MpegFrameDecoder _decoder = new();
    readonly MpegFrame _frame = new();
    readonly byte[] _bytes = new byte[4096];
    readonly float[] _samples;
    long _position, _left, _skip, _framesRead;
    int _range, _ready, _taken;
    long _damagedFrames, _firstDamaged;

    /// <param name="file">The whole file; it stays open, and its position is this stream's while it is read.</param>
    public Mp3PartStream(string path, Stream file, Mp3Part part)
    {
        (_path, _file, _part) = (path, file, part);
        (_left, _skip) = (part.Samples, part.SkipStart);
        _position = part.Ranges[0].Start;
        _samples = new float[2 * part.First.SamplesPerFrame];
    }

    public int SampleRateHz => _part.First.SampleRateHz;

    public int Channels => _part.First.Channels;

    public long? LengthFrames => _part.Samples;

    public string? Defect => _damagedFrames == 0 ? null
        : $"{_damagedFrames:N0} of {_part.Frames:N0} MPEG frames cannot be decoded, the first at "
            + $"{(double)_firstDamaged * _part.First.SamplesPerFrame / SampleRateHz:F2} s; they are silence";

    public int Read(Span<float> interleaved)
    {
        int room = interleaved.Length / Channels, count = 0;
        ArgumentOutOfRangeException.ThrowIfZero(room, nameof(interleaved));
        while (count < room && _left > 0)
        {
            if (_taken == _ready && !Decode()) break;
            int take = (int)Math.Min(Math.Min(_ready - _taken, room - count), _left);
            var samples = interleaved.Slice(count * Channels, take * Channels);
            _samples.AsSpan(_taken * Channels, take * Channels).CopyTo(samples);
            _taken += take;
            _left -= take;
            count += take;
        }
        return count;
    }

    public void Dispose()
    {
    }

    /// <summary>Decodes the next frame that is not skipped whole; false behind the last one.</summary>
    bool Decode()
    {
        do
        {
            if (!NextBytes(out var header)) return false;
            int samples = header.SamplesPerFrame;
            _frame.Set(_bytes, header);
            if (!TryDecode(samples))
            {
                Array.Clear(_samples);
                _decoder.Reset();
                if (_damagedFrames++ == 0) _firstDamaged = _framesRead;
            }
            _framesRead++;
            _taken = (int)Math.Min(_skip, samples);
            _ready = samples;
            _skip -= _taken;
        }
        while (_taken == _ready);
        return true;
    }

    bool TryDecode(int samples)
    {
        try
        {
            return _decoder.DecodeFrame(_frame, _samples, 0) == samples * Channels
                && !_samples.AsSpan(0, samples * Channels).ContainsAnyExceptInRange(-SampleRange.Maximum, SampleRange.Maximum);
        }
        // The decoder trusts what it reads; damage shows as an index outside one of its tables.
        catch (Exception error) when (error is IndexOutOfRangeException or ArgumentException or InvalidDataException
            or InvalidOperationException or OverflowException or NullReferenceException)
        {
            return false;
        }
    }

    bool NextBytes(out MpegHeader header)
    {
        header = default;
        if (_range == _part.Ranges.Count) return false;
        try
        {
            _file.Position = _position;
            _file.ReadExactly(_bytes, 0, MpegHeader.SizeBytes);
            if (!MpegHeader.TryParse(_bytes, out header)) throw new IOException("the file was changed while it was read");
            _file.ReadExactly(_bytes, MpegHeader.SizeBytes, header.FrameBytes - MpegHeader.SizeBytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new AudioDecodeException(_path, $"cannot be read at byte {_position}: {error.Message}", error);
        }
        _position += header.FrameBytes;
        if (_position >= _part.Ranges[_range].End && ++_range < _part.Ranges.Count) _position = _part.Ranges[_range].Start;
        return true;
    }
}
