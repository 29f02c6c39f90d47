namespace NativeRetrieval.Audio.Decoding;

/// <summary>Stretches of a seekable stream, one behind the other, as a stream of their own, for reading.</summary>
internal sealed class StreamPart : Stream
{
    readonly Stream _whole;
    readonly IReadOnlyList<(long Start, long End)> _ranges;
    readonly bool _ownsWhole;
    readonly long[] _ends;          // behind each range, in bytes of this stream
    long _position;
    int _range;

    /// <param name="ranges">Bytes [start, end) of <paramref name="whole"/>, at least one range.</param>
    /// <param name="ownsWhole">Whether <paramref name="whole"/> is closed with this stream.</param>
    public StreamPart(Stream whole, IReadOnlyList<(long Start, long End)> ranges, bool ownsWhole = false)
    {
        (_whole, _ranges, _ownsWhole, _ends) = (whole, ranges, ownsWhole, new long[ranges.Count]);
        long length = 0;
        for (int i = 0; i < _ends.Length; i++) _ends[i] = length += ranges[i].End - ranges[i].Start;
    }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => _ends[^1];

    public override long Position
    {
        get => _position;
        set => _position = Math.Max(0, value);
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0 || _position >= Length) return 0;
        if (_position >= _ends[_range] || _position < StartOf(_range))
        {
            int found = Array.BinarySearch(_ends, _position);
            _range = found < 0 ? ~found : found + 1;
        }
        long start = StartOf(_range);
        int count = (int)Math.Min(buffer.Length, _ends[_range] - _position);
        _whole.Position = _ranges[_range].Start + (_position - start);
        int read = _whole.Read(buffer[..count]);
        _position += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = offset + origin switch
    {
        SeekOrigin.Begin => 0,
        SeekOrigin.Current => _position,
        _ => Length,
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _ownsWhole) _whole.Dispose();
        base.Dispose(disposing);
    }

    long StartOf(int range) => range == 0 ? 0 : _ends[range - 1];
}
