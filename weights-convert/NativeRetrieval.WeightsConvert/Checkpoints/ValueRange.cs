using NativeRetrieval.Core.Serialization;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.WeightsConvert.Checkpoints;

/// <summary>Minimum, mean and maximum of the elements that are written into it, in whatever pieces they come.</summary>
sealed class ValueRange(DType dtype) : Stream
{
    readonly int _elementBytes = dtype.SizeBytes();
    readonly double[] _values = new double[1024];
    readonly byte[] _split = new byte[8];
    int _splitBytes;
    long _finite;
    double _sum, _minimum = double.PositiveInfinity, _maximum = double.NegativeInfinity;

    public double? Minimum => _finite == 0 ? null : _minimum;

    public double? Maximum => _finite == 0 ? null : _maximum;

    // Finite values may add up to more than a float64 holds.
    public double? Mean => _finite == 0 || !double.IsFinite(_sum) ? null : _sum / _finite;

    public long NanCount { get; private set; }

    public long InfinityCount { get; private set; }

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        if (_splitBytes > 0)
        {
            int missing = Math.Min(_elementBytes - _splitBytes, bytes.Length);
            bytes[..missing].CopyTo(_split.AsSpan(_splitBytes));
            _splitBytes += missing;
            bytes = bytes[missing..];
            if (_splitBytes < _elementBytes) return;
            Add(_split.AsSpan(0, _elementBytes));
            _splitBytes = 0;
        }
        while (bytes.Length >= _elementBytes)
        {
            int count = Math.Min(bytes.Length / _elementBytes, _values.Length);
            Add(bytes[..(count * _elementBytes)]);
            bytes = bytes[(count * _elementBytes)..];
        }
        bytes.CopyTo(_split);
        _splitBytes = bytes.Length;
    }

    void Add(ReadOnlySpan<byte> elements)
    {
        var values = _values.AsSpan(0, elements.Length / _elementBytes);
        ElementConversion.Convert(elements, dtype, values);
        foreach (double value in values)
        {
            if (double.IsFinite(value))
            {
                _finite++;
                _sum += value;
                if (value < _minimum) _minimum = value;
                if (value > _maximum) _maximum = value;
            }
            else if (double.IsNaN(value)) NanCount++;
            else InfinityCount++;
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
