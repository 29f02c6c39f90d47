namespace NativeRetrieval.Audio.Decoding.Ogg;

/// <summary>
/// The links of an Ogg file, found by walking from page to page. Radio recorders and <c>cat</c> write one stream behind another (RFC 3533,
/// section 4); decoders that trust the first one's length stop there.
/// </summary>
internal sealed class OggScan
{
    const int BufferBytes = 1 << 16;

    readonly Stream _file;
    readonly long _length;
    readonly byte[] _buffer = new byte[BufferBytes];
    readonly List<OggLink> _links = [];
    long _bufferStart = -1;
    int _buffered;

    OggScan(Stream file) => (_file, _length) = (file, file.Length);

    public IReadOnlyList<OggLink> Links => _links;

    /// <summary>A sentence about bytes outside pages or an end inside a page or before a stream's last; null where there is none.</summary>
    public string? Defect { get; private set; }

    /// <summary>Walks through <paramref name="file"/> from its first to its last byte; its position afterwards is undefined.</summary>
    public static OggScan Of(Stream file)
    {
        var scan = new OggScan(file);
        scan.Walk();
        return scan;
    }

    void Walk()
    {
        long position = 0, linkStart = -1, junkBytes = 0, junkStart = 0, lastGranule = 0;
        bool inHeaders = false, cut = false, ended = false;
        var codec = OggCodec.Other;
        while (position < _length)
        {
            if (!OggPage.TryParse(Peek(position, OggPage.LargestHeaderBytes), out var page))
            {
                long next = NextPage(position + 1);
                if (junkBytes == 0) junkStart = position;
                junkBytes += next - position;
                position = next;
                continue;
            }
            if (position + page.SizeBytes > _length)
            {
                cut = true;
                break;
            }
            if (page.IsFirst && !inHeaders)
            {
                Close(position);
                (linkStart, lastGranule, codec, inHeaders, ended) = (position, 0, OggCodec.Other, true, false);
            }
            else if (!page.IsFirst) inHeaders = false;
            if (page.IsFirst && codec == OggCodec.Other) codec = CodecAt(position, page);
            if (page.GranulePosition > 0) lastGranule = page.GranulePosition;
            ended |= page.IsLast;
            position += page.SizeBytes;
        }
        Close(position);
        if (_links.Count == 0) return;
        if (junkBytes > 0) Defect = $"{junkBytes:N0} bytes from byte {junkStart:N0} on are no Ogg pages; they are left out";
        else if (cut) Defect = "the file ends inside an Ogg page: it was cut off";
        else if (!ended) Defect = "the file ends before the last page of its stream: it was cut off";

        void Close(long end)
        {
            if (linkStart >= 0) _links.Add(new OggLink(linkStart, end, codec, lastGranule));
        }
    }

    OggCodec CodecAt(long position, OggPage page)
    {
        var bytes = Peek(position, (int)Math.Min(page.SizeBytes, OggPage.LargestHeaderBytes + 16));
        var packet = bytes[Math.Min(bytes.Length, OggPage.FixedBytes + bytes[26])..];
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

    /// <summary>
    /// Up to <paramref name="count"/> bytes from <paramref name="position"/> on; fewer only at the end. Valid until the next call.
    /// </summary>
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
