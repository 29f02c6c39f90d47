namespace NativeRetrieval.Audio.Decoding.Ogg;

/// <summary>
/// The links of an Ogg file, found by walking from page to page. Radio recorders and <c>cat</c> write one stream behind another (RFC 3533,
/// section 4); decoders that trust the first one's length stop there.
/// </summary>
internal sealed class OggScan
{
    /// <summary>Links in one file at most: weeks of radio have fewer, and a hostile file might have millions.</summary>
    public const int MaximumLinks = 10_000;

    const int BufferBytes = 1 << 16;

    readonly Stream _file;
    readonly long _length;
    readonly byte[] _buffer = new byte[BufferBytes];
    readonly List<OggLink> _links = [];
    readonly List<(long Start, long End)> _ranges = [];
    readonly HashSet<uint> _serials = [];       // of the streams side by side in the link
    long _bufferStart = -1, _granule, _junkBytes, _junkStart, _pages, _brokenPages, _brokenStart;
    int _buffered, _sounds, _otherSounds, _unendedLinks;
    uint _serial;
    bool _isOpen, _inHeaders, _ended, _cut;
    OggCodec _codec;

    OggScan(Stream file) => (_file, _length) = (file, file.Length);

    public IReadOnlyList<OggLink> Links => _links;

    /// <summary>Parts of the file that are not read, in sentences; null where all of it is.</summary>
    public string? Defect { get; private set; }

    /// <summary>True where there are more links than <see cref="MaximumLinks"/>; the walk ended there.</summary>
    public bool HasTooManyLinks { get; private set; }

    /// <summary>Walks through <paramref name="file"/> from its first to its last byte; its position afterwards is undefined.</summary>
    public static OggScan Of(Stream file)
    {
        var scan = new OggScan(file);
        scan.Walk();
        scan.Defect = scan.Describe();
        return scan;
    }

    void Walk()
    {
        for (long position = 0; position < _length;)
        {
            if (!OggPage.TryParse(Peek(position, OggPage.LargestHeaderBytes), out var page))
            {
                long next = NextPage(position + 1);
                AddJunk(position, next);
                position = next;
                continue;
            }
            if (position + page.SizeBytes > _length)
            {
                _cut = true;
                break;
            }
            Take(position, page);
            if (HasTooManyLinks) return;
            position += page.SizeBytes;
        }
        CloseLink();
    }

    void Take(long position, OggPage page)
    {
        if (page.IsFirst && (!_inHeaders || _serials.Contains(page.Serial)))
        {
            CloseLink();
            if (HasTooManyLinks) return;
            (_isOpen, _ended, _codec, _serial, _granule, _sounds) = (true, false, OggCodec.Other, page.Serial, 0, 0);
        }
        _inHeaders = page.IsFirst;
        var bytes = Peek(position, page.SizeBytes);
        if (page.IsFirst)
        {
            _serials.Add(page.Serial);
            var codec = CodecOf(bytes);
            if (codec != OggCodec.Other && _sounds++ == 0)
            {
                (_codec, _serial) = (codec, page.Serial);
                _ranges.Clear();        // of a stream before it that is no sound
            }
        }
        if (!_isOpen || !_serials.Contains(page.Serial))
        {
            AddJunk(position, position + page.SizeBytes);
            return;
        }
        if (page.Serial != _serial) return;
        _pages++;
        if (!OggPage.IsIntact(bytes) && _brokenPages++ == 0) _brokenStart = position;
        long end = position + page.SizeBytes;
        if (_ranges.Count > 0 && _ranges[^1].End == position) _ranges[^1] = (_ranges[^1].Start, end);
        else _ranges.Add((position, end));
        if (page.GranulePosition > 0) _granule = page.GranulePosition;
        _ended |= page.IsLast;
    }

    void CloseLink()
    {
        if (_isOpen)
        {
            HasTooManyLinks = _links.Count == MaximumLinks;
            _links.Add(new OggLink([.. _ranges], _codec, _granule));
            if (!_ended) _unendedLinks++;
            if (_sounds > 1) _otherSounds = _sounds - 1;
        }
        _isOpen = false;
        _ranges.Clear();
        _serials.Clear();
    }

    void AddJunk(long start, long end)
    {
        if (_junkBytes == 0) _junkStart = start;
        _junkBytes += end - start;
    }

    string? Describe()
    {
        var sentences = new List<string>();
        if (_junkBytes > 0) sentences.Add($"{_junkBytes:N0} bytes from byte {_junkStart:N0} on belong to no Ogg stream; they are left out");
        if (_brokenPages > 0)
            sentences.Add($"{_brokenPages:N0} of {_pages:N0} Ogg pages have a wrong checksum, the first at byte {_brokenStart:N0}; "
                + "their sound is left out");
        if (_cut) sentences.Add("the file ends inside an Ogg page: it was cut off");
        else if (_unendedLinks > 0)
            sentences.Add(_links.Count == 1 ? "the file ends before the last page of its stream: it was cut off"
                : $"{_unendedLinks:N0} of {_links.Count:N0} streams in the file have no last page: they were cut off");
        if (_otherSounds > 0) sentences.Add($"the file holds {_otherSounds + 1} sounds side by side; the first is read");
        return sentences.Count == 0 ? null : string.Join("; ", sentences);
    }

    static OggCodec CodecOf(ReadOnlySpan<byte> page)
    {
        var packet = page[(OggPage.FixedBytes + page[OggPage.FixedBytes - 1])..];
        return packet.StartsWith("\u0001vorbis"u8) ? OggCodec.Vorbis
            : packet.StartsWith("OpusHead"u8) ? OggCodec.Opus
            : packet.StartsWith("\u007FFLAC"u8) ? OggCodec.Flac : OggCodec.Other;
    }

    long NextPage(long position)
    {
        while (position < _length)
        {
            var bytes = Peek(position, BufferBytes);
            int found = bytes.IndexOf("OggS"u8);
            if (found >= 0) return position + found;
            if (position + bytes.Length >= _length) return _length;
            position += Math.Max(1, bytes.Length - 3);
        }
        return _length;
    }

    /// <summary>Up to <paramref name="count"/> bytes; fewer only at the end. Valid until the next call.</summary>
    ReadOnlySpan<byte> Peek(long position, int count)
    {
        count = (int)Math.Min(count, Math.Max(0, _length - position));
        if (position < _bufferStart || _bufferStart < 0 || position + count > _bufferStart + _buffered)
        {
            _file.Position = position;
            _bufferStart = position;
            _buffered = _file.ReadAtLeast(_buffer, _buffer.Length, throwOnEndOfStream: false);
        }
        int start = (int)(position - _bufferStart);
        return _buffer.AsSpan(start, Math.Min(count, Math.Max(0, _buffered - start)));
    }
}
