using System.Buffers;
using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Evaluation.Data.Tables;

/// <summary>
/// The text of a table as a stream of UTF-8, checked while it is read: UTF-8 or, with a byte order mark, UTF-16; no NUL, nothing that
/// is not text. One block is in memory at a time.
/// </summary>
internal sealed class TableText : Stream
{
    const int BlockBytes = 1 << 15;

    /// <summary>A noncharacter, which the decoder puts in place of bytes that are not text.</summary>
    const char Undecodable = '\uFFFF';

    static readonly SearchValues<char> _refused = SearchValues.Create('\0', Undecodable);

    readonly string _path;
    readonly FileStream _file;
    readonly string _encodingName;
    readonly Decoder _decoder;
    readonly byte[] _raw = new byte[BlockBytes];
    readonly char[] _chars;
    readonly byte[] _utf8;
    int _rawCount, _next, _end;
    bool _ended;
    LineCounter _lines = new();

    /// <exception cref="CaptionFileException">The first block is not text.</exception>
    /// <exception cref="FileReadException">The file cannot be read.</exception>
    public TableText(string path)
    {
        _path = path;
        try
        {
            _file = RegularFile.OpenRead(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(path, error.Message, error);
        }
        try
        {
            FillRaw();
            (_encodingName, int codePage, int mark) = _raw.AsSpan(0, _rawCount) switch
            {
                [0xEF, 0xBB, 0xBF, ..] => ("UTF-8", 65001, 3),
                [0xFF, 0xFE, ..] => ("UTF-16", 1200, 2),
                [0xFE, 0xFF, ..] => ("UTF-16", 1201, 2),
                _ => ("UTF-8", 65001, 0),
            };
            var encoding = Encoding.GetEncoding(codePage, EncoderFallback.ReplacementFallback,
                new DecoderReplacementFallback(Undecodable.ToString()));
            _decoder = encoding.GetDecoder();
            _chars = new char[encoding.GetMaxCharCount(BlockBytes)];
            _utf8 = new byte[Encoding.UTF8.GetMaxByteCount(_chars.Length)];
            Decode(mark);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The text that comes next, up to a block of it: 32 KiB of the file.</summary>
    public ReadOnlySpan<byte> Next => _utf8.AsSpan(_next, _end - _next);

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    /// <exception cref="CaptionFileException">The text is not what it should be.</exception>
    /// <exception cref="FileReadException">The disk refused.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (_next == _end && !_ended)
        {
            FillRaw();
            Decode(0);
        }
        int count = Math.Min(buffer.Length, _end - _next);
        _utf8.AsSpan(_next, count).CopyTo(buffer);
        _next += count;
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _file.Dispose();
        base.Dispose(disposing);
    }

    void FillRaw()
    {
        try
        {
            _rawCount = _file.ReadAtLeast(_raw, BlockBytes, throwOnEndOfStream: false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new FileReadException(_path, error.Message, error);
        }
        _ended = _rawCount < BlockBytes;
    }

    void Decode(int start)
    {
        var text = _chars.AsSpan(0, _decoder.GetChars(_raw.AsSpan(start, _rawCount - start), _chars, flush: _ended));
        int fault = text.IndexOfAny(_refused);
        _lines.Count(fault < 0 ? text : text[..fault]);
        if (fault >= 0)
            throw new CaptionFileException(_path, _lines.Line, text[fault] == '\0'
                ? "there is a NUL character: the file is not text, or UTF-16 without a byte order mark; save it as UTF-8"
                : $"the text is not {_encodingName}; save the file as UTF-8");
        (_next, _end) = (0, Encoding.UTF8.GetBytes(text, _utf8));
    }
}

/// <summary>Counts lines that end in LF, CR LF or CR, over several blocks of one text.</summary>
internal struct LineCounter()
{
    bool _afterReturn;

    /// <summary>Line of the next character, counted from 1.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>Goes past a block of UTF-16 text.</summary>
    public void Count(ReadOnlySpan<char> text)
    {
        foreach (char c in text) Count(c);
    }

    /// <summary>Goes past a block of UTF-8 text.</summary>
    public void Count(ReadOnlySpan<byte> text)
    {
        foreach (byte c in text) Count((char)c);
    }

    void Count(char c)
    {
        if (c == '\r' || (c == '\n' && !_afterReturn)) Line++;
        _afterReturn = c == '\r';
    }
}
