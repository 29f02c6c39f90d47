using System.Buffers.Binary;

namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>
/// The frames of an MP3 file, found by walking from header to header. What a file says of its own length is not asked: streams from a
/// pipe do not know it, joined files tell only the first part's. Tags (ID3, APE, Lyrics3) are stepped over.
/// </summary>
internal sealed class Mp3Scan
{
    const int BufferBytes = 1 << 16, Id3Bytes = 10, Id3v1Bytes = 128, ApeBytes = 32;

    readonly Stream _file;
    readonly long _length;
    readonly byte[] _buffer = new byte[BufferBytes];
    readonly List<Mp3Part> _parts = [];
    readonly List<(long Start, long End)> _ranges = [];
    long _bufferStart, _frames, _junkBytes, _junkStart = -1;
    int _buffered, _skipStart, _skipEnd;
    MpegHeader _first;
    bool _cut;

    Mp3Scan(Stream file) => (_file, _length) = (file, file.Length);

    /// <summary>The parts of the file in their order; none where it holds no frame.</summary>
    public IReadOnlyList<Mp3Part> Parts => _parts;

    /// <summary>
    /// A sentence about bytes that are neither frames nor tags, or about an end inside a frame; null where there are none.
    /// </summary>
    public string? Defect { get; private set; }

    /// <summary>Walks through <paramref name="file"/> from its first to its last byte; its position afterwards is undefined.</summary>
    public static Mp3Scan Of(Stream file)
    {
        var scan = new Mp3Scan(file);
        scan.Walk();
        return scan;
    }

    void Walk()
    {
        long position = 0;
        while (position < _length)
        {
            if (Tag(position) is > 0 and var tag) position += tag;
            else if (FrameAt(position, out var header))
            {
                if (position + header.FrameBytes > _length)
                {
                    _cut = true;
                    break;
                }
                Take(position, header);
                position += header.FrameBytes;
            }
            else
            {
                if (_junkStart < 0) _junkStart = position;
                long next = NextFrame(position + 1);
                _junkBytes += next - position;
                position = next;
            }
        }
        EndPart();
        if (_parts.Count == 0) return;
        if (_junkBytes > 0)
            Defect = $"{_junkBytes:N0} bytes from byte {_junkStart:N0} on are neither MPEG frames nor tags; they are left out";
        else if (_cut) Defect = "the file ends inside a frame: it was cut off";
    }

    void Take(long position, MpegHeader header)
    {
        bool notes = EncoderDelay.TryRead(Peek(position, header.FrameBytes), header, out int skipStart, out int skipEnd);
        if (notes)
        {
            EndPart();          // an encoder's notes begin a sound of their own
            (_skipStart, _skipEnd) = (skipStart, skipEnd);
            return;
        }
        if (_frames > 0 && !header.IsLike(_first)) EndPart();
        if (_frames == 0) _first = header;
        if (_ranges.Count > 0 && _ranges[^1].End == position) _ranges[^1] = (_ranges[^1].Start, position + header.FrameBytes);
        else _ranges.Add((position, position + header.FrameBytes));
        _frames++;
    }

    void EndPart()
    {
        if (_frames > 0) _parts.Add(new Mp3Part(_first, [.. _ranges], _frames, _skipStart, _skipEnd));
        _ranges.Clear();
        (_frames, _skipStart, _skipEnd) = (0, 0, 0);
    }

    /// <summary>
    /// A frame is believed where it goes on from the one before, or where another like it, a tag or the file's end follows.
    /// </summary>
    bool FrameAt(long position, out MpegHeader header)
    {
        if (!MpegHeader.TryParse(Peek(position, MpegHeader.SizeBytes), out header)) return false;
        if (_ranges.Count > 0 && _ranges[^1].End == position && header.IsLike(_first)) return true;
        long next = position + header.FrameBytes;
        if (next >= _length) return next == _length || _frames > 0 && header.IsLike(_first);
        return MpegHeader.TryParse(Peek(next, MpegHeader.SizeBytes), out var following) && following.IsLike(header) || Tag(next) > 0;
    }

    /// <summary>The next place where a frame or a tag may begin; the file's length where there is none.</summary>
    long NextFrame(long position)
    {
        while (position < _length)
        {
            var bytes = Peek(position, BufferBytes / 2);
            int found = bytes.IndexOfAny((byte)0xFF, (byte)'I', (byte)'T');
            if (found < 0)
            {
                position += bytes.Length;
                continue;
            }
            position += found;
            if (Tag(position) > 0 || FrameAt(position, out _)) return position;
            position++;
        }
        return _length;
    }

    /// <summary>Bytes of the tag that begins here; 0: none does.</summary>
    long Tag(long position)
    {
        var bytes = Peek(position, ApeBytes);
        long left = _length - position;
        if (bytes.StartsWith("ID3"u8) && bytes.Length >= Id3Bytes && ((bytes[6] | bytes[7] | bytes[8] | bytes[9]) & 0x80) == 0)
            return Math.Min(left, Id3Bytes + (bytes[6] << 21 | bytes[7] << 14 | bytes[8] << 7 | bytes[9])
                + ((bytes[5] & 0x10) != 0 ? Id3Bytes : 0));
        if (bytes.StartsWith("TAG"u8)) return left >= Id3v1Bytes ? Id3v1Bytes : 0;
        if (bytes.StartsWith("APETAGEX"u8) && bytes.Length == ApeBytes)
            return Math.Min(left, ApeBytes + ((bytes[23] & 0x20) != 0 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) : 0L));
        if (bytes.StartsWith("LYRICSBEGIN"u8))
        {
            int end = Peek(position, BufferBytes).IndexOf("LYRICS200"u8);
            return end < 0 ? 0 : end + "LYRICS200"u8.Length;
        }
        return 0;
    }

    /// <summary>
    /// Up to <paramref name="count"/> bytes from <paramref name="position"/> on; fewer only at the end. Valid until the next call.
    /// </summary>
    ReadOnlySpan<byte> Peek(long position, int count)
    {
        count = (int)Math.Min(count, Math.Max(0, _length - position));
        if (position < _bufferStart || position + count > _bufferStart + _buffered)
        {
            _file.Position = position;
            _bufferStart = position;
            _buffered = _file.ReadAtLeast(_buffer, _buffer.Length, throwOnEndOfStream: false);
        }
        int start = (int)(position - _bufferStart);
        return _buffer.AsSpan(start, Math.Min(count, Math.Max(0, _buffered - start)));
    }
}
