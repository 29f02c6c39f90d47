namespace NativeRetrieval.Cuda.Runtime;

/// <summary>Counts the memory that was taken from the driver and not given back. Safe for several threads.</summary>
internal sealed class TakenMemory
{
    readonly Lock _lock = new();
    readonly Dictionary<nint, long> _blocks = [];
    long _bytes, _peakBytes;

    public long Bytes
    {
        get { lock (_lock) return _bytes; }
    }

    /// <summary>The largest <see cref="Bytes"/> since <see cref="ResetPeak"/>.</summary>
    public long PeakBytes
    {
        get { lock (_lock) return _peakBytes; }
    }

    public void Add(nint address, long sizeBytes)
    {
        lock (_lock)
        {
            _blocks[address] = sizeBytes;
            _bytes += sizeBytes;
            _peakBytes = Math.Max(_peakBytes, _bytes);
        }
    }

    public void Remove(nint address)
    {
        lock (_lock)
            if (_blocks.Remove(address, out long sizeBytes)) _bytes -= sizeBytes;
    }

    public void ResetPeak()
    {
        lock (_lock) _peakBytes = _bytes;
    }
}
