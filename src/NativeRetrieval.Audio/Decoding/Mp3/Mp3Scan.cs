using System.Buffers.Binary;

namespace NativeRetrieval.Audio.Decoding.Mp3;

/// <summary>
/// The frames of an MP3 file, found by walking from header to header. What a file says of its own length is not asked: streams from a
/// pipe do not know it, joined files tell only the first part's. Tags (ID3, APE, Lyrics3) are stepped over.
/// </summary>
internal sealed class Mp3Scan
{
    /// <summary>Changes of form in one file at most: joined recordings have fewer, and a hostile file might have millions.</summary>
    public const int MaximumParts = 10_000;

    const int BufferBytes = 1 << 16, Id3v1Bytes = 128, ApeBytes = 32;

    /// <summary>An APE tag of version 1 has no header by which its size could be checked; real ones have a few kilobytes.</summary>
    const int LargestApeBytes = 1 << 20;

    readonly Stream _file;
    readonly long _length;
    readonly byte[] _buffer = new byte[BufferBytes];
    readonly List<Mp3Part> _parts = [];
    readonly List<(long Start, long End)> _ranges = [];
    long _bufferStart, _frames, _junkBytes, _junkStart = -1, _statedFrames, _missingFrames;
    int _buffered, _skipStart, _skipEnd;
    MpegHeader _first;
    bool _cut;

    Mp3Scan(Stream file)
    {
        (_file, _length) = (file, file.Length);
        _length = WithoutTagsBehind(_length);
    }

    /// <summary>The parts of the file in their order; none where it holds no frame.</summary>
    public IReadOnlyList<Mp3Part> Parts => _parts;

    /// <summary>Parts of the file that are no sound or are missing, in sentences; null where there is nothing to say.</summary>
    public string? Defect { get; private set; }

    /// <summary>True where there are more parts than <see cref="MaximumParts"/>; the walk ended there.</summary>
    public bool HasTooManyParts => _parts.Count > MaximumParts;

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
        while (position < _length && !HasTooManyParts)
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
        if (_parts.Count > 0) Defect = Describe();
    }

    string? Describe()
    {
        var sentences = new List<string>();
        if (_junkBytes > 0)
            sentences.Add($"{_junkBytes:N0} bytes from byte {_junkStart:N0} on are neither MPEG frames nor tags; they are left out");
        if (_cut) sentences.Add("the file ends inside a frame: it was cut off");
        else if (_missingFrames > 0)
            sentences.Add($"{_missingFrames:N0} of the frames that its encoder counted are missing: it was cut off or damaged");
        return sentences.Count == 0 ? null : string.Join("; ", sentences);
    }

    void Take(long position, MpegHeader header)
    {
        if (EncoderNotes.TryRead(Peek(position, header.FrameBytes), header, out var notes))
        {
            EndPart();          // an encoder's notes begin a sound of their own
            (_skipStart, _skipEnd, _statedFrames) = (notes.SkipStart, notes.SkipEnd, notes.Frames);
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
        // Some encoders count their notes as a frame. Where frames are missing the sound's end is missing, too, and the silence behind it.
        long missing = Math.Max(0, _statedFrames - 1 - _frames);
        if (_frames > 0) _parts.Add(new Mp3Part(_first, [.. _ranges], _frames, _skipStart, missing > 0 ? 0 : _skipEnd));
        if (missing > 0) _missingFrames += missing + 1;
        _ranges.Clear();
        (_frames, _skipStart, _skipEnd, _statedFrames) = (0, 0, 0, 0);
    }

    /// <summary>A frame is believed behind another, and in front of one like it, a tag or the file's end.</summary>
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

    /// <summary>Bytes of the tag that begins here; 0: none does, or one that claims more than the file holds.</summary>
    long Tag(long position)
    {
        var bytes = Peek(position, ApeBytes);
        long size = 0;
        if (bytes.StartsWith("ID3"u8)) size = Id3Tag.SizeOf(bytes);
        else if (bytes.StartsWith("TAG"u8)) size = Id3v1Bytes;
        else if (IsApe(bytes)) size = ApeBytes + (IsApeHeader(bytes) ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) : 0L);
        else if (bytes.StartsWith("LYRICSBEGIN"u8) && Peek(position, BufferBytes).IndexOf("LYRICS200"u8) is >= 0 and var end)
            size = end + "LYRICS200"u8.Length;
        return size <= _length - position ? size : 0;
    }

    /// <summary>The byte where the tags behind the sound begin, found from the file's end: some have no mark at their start.</summary>
    long WithoutTagsBehind(long end)
    {
        while (true)
        {
            long start = end;
            if (At(end, Id3v1Bytes).StartsWith("TAG"u8)) start = end - Id3v1Bytes;
            else if (At(end, ApeBytes) is var ape && IsApe(ape) && !IsApeHeader(ape))
            {
                bool hasHeader = (ape[23] & 0x80) != 0;
                long size = BinaryPrimitives.ReadUInt32LittleEndian(ape[12..]) + (hasHeader ? ApeBytes : 0L);
                bool isBelieved = hasHeader ? size <= end && IsApe(At(end - size + ApeBytes, ApeBytes)) : size <= LargestApeBytes;
                if (size >= ApeBytes && isBelieved) start = end - size;
            }
            else if (At(end, Lyrics3EndBytes) is var lyrics && lyrics.EndsWith("LYRICS200"u8)
                && int.TryParse(lyrics[..6], System.Globalization.CultureInfo.InvariantCulture, out int size) && size > 0
                && At(end - Lyrics3EndBytes - size + 11, 11).StartsWith("LYRICSBEGIN"u8))
                start = end - Lyrics3EndBytes - size;
            if (start == end || start < 0) return end;
            end = start;
        }
    }

    const int Lyrics3EndBytes = 15;

    /// <summary>The <paramref name="count"/> bytes in front of <paramref name="end"/>; none where there are fewer.</summary>
    ReadOnlySpan<byte> At(long end, int count) => end - count < 0 ? [] : Peek(end - count, count);

    static bool IsApe(ReadOnlySpan<byte> bytes) => bytes.Length == ApeBytes && bytes.StartsWith("APETAGEX"u8);

    static bool IsApeHeader(ReadOnlySpan<byte> bytes) => (bytes[23] & 0x20) != 0;

    /// <summary>Up to <paramref name="count"/> bytes; fewer only at the end. Valid until the next call.</summary>
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
