namespace NativeRetrieval.Core.Serialization;

/// <summary>Takes a tensor's bytes as they come, and hands on whole rows: a large tensor is never held.</summary>
/// <param name="row">Called with each row, from the first; the span is valid during the call.</param>
sealed class RowStream(int rowBytes, RowStream.RowAction row) : Stream
{
    readonly byte[] _row = new byte[rowBytes];
    int _filled;

    public delegate void RowAction(ReadOnlySpan<byte> bytes);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int count = Math.Min(buffer.Length, _row.Length - _filled);
            buffer[..count].CopyTo(_row.AsSpan(_filled));
            buffer = buffer[count..];
            _filled += count;
            if (_filled < _row.Length) return;
            row(_row);
            _filled = 0;
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
