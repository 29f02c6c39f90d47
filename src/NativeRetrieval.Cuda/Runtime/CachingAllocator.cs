using System.Numerics;
using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>
/// Device memory that is kept between tensors, because the driver's own allocation waits for the device. A freed block may be
/// taken again at once on the stream it was allocated for, where the next use queues behind the last; on another stream it is
/// not reused. A block that further streams used waits until they have passed the point of the free. Safe for several threads.
/// </summary>
/// <remarks>Small blocks are not cut out of larger ones: the driver packs them into its 2 MiB pages itself.</remarks>
internal sealed class CachingAllocator(IMemorySource source)
{
    /// <summary>The alignment that cuMemAlloc guarantees at least: more than any vector access needs.</summary>
    const long Alignment = 512;

    readonly Lock _lock = new();
    readonly Dictionary<nint, Block> _live = [];
    readonly Dictionary<(IStreamOrder Stream, long SizeBytes), Stack<nint>> _idle = [];
    readonly List<(Block Block, nint Address, List<IStreamMark> Marks)> _waiting = [];
    long _liveBytes, _peakBytes, _idleBytes, _waitingBytes, _allocations, _reuses, _trims;

    sealed record Block(IStreamOrder Stream, long SizeBytes)
    {
        /// <summary>Streams beside the block's own that may read or write it.</summary>
        public List<IStreamOrder> Others { get; } = [];
    }

    public AllocatorStatistics Statistics
    {
        get
        {
            lock (_lock) return new(_liveBytes, _peakBytes, _idleBytes, _waitingBytes, _allocations, _reuses, _trims);
        }
    }

    /// <summary>Forgets the peak so far: what is live now is the least that the next one can be.</summary>
    public void ResetPeak()
    {
        lock (_lock) _peakBytes = _liveBytes;
    }

    /// <summary>A block for use on <paramref name="stream"/>; its content is undefined.</summary>
    /// <exception cref="CudaOutOfMemoryException">The device has no such block, even after everything idle went back. Free something
    /// and go on.</exception>
    public nint Allocate(long sizeBytes, IStreamOrder stream)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeBytes);
        long size = ClassOf(sizeBytes);
        lock (_lock)
        {
            CollectPassed();
            bool reused = _idle.TryGetValue((stream, size), out var blocks) && blocks.Count > 0;
            nint address = reused ? blocks!.Pop() : Fresh(size, sizeBytes);
            if (reused) _idleBytes -= size;
            _live.Add(address, new(stream, size));
            _liveBytes += size;
            _peakBytes = Math.Max(_peakBytes, _liveBytes);
            _allocations++;
            if (reused) _reuses++;
            return address;
        }
    }

    /// <summary>Says that work queued on another stream uses the block: freeing it will wait for that stream, too.</summary>
    public void UsedOn(nint address, IStreamOrder stream)
    {
        lock (_lock)
        {
            var block = _live[address];
            if (block.Stream != stream && !block.Others.Contains(stream)) block.Others.Add(stream);
        }
    }

    /// <summary>
    /// Takes a block back; queued work may still use it. On a lost device this does nothing and is no error, because finalizers call
    /// it, too.
    /// </summary>
    public void Free(nint address)
    {
        lock (_lock)
        {
            if (!_live.Remove(address, out var block)) throw new ArgumentException($"0x{address:X} is not allocated here");
            _liveBytes -= block.SizeBytes;
            if (block.Others.Count == 0)
            {
                MakeIdle(block, address);
                return;
            }
            try
            {
                _waiting.Add((block, address, block.Others.ConvertAll(stream => stream.Mark())));
                _waitingBytes += block.SizeBytes;
            }
            catch (CudaDeviceLostException)
            {
            }
        }
    }

    /// <summary>Gives everything idle back to the device, after waiting for it. For other libraries that need the room.</summary>
    public void Trim()
    {
        lock (_lock) TrimLocked();
    }

    /// <summary>Gives everything back, what is still live as well: the device ends. Nothing is allocated or freed afterwards.</summary>
    public void Release()
    {
        lock (_lock)
        {
            TrimLocked();
            foreach (nint address in _live.Keys) source.Free(address);
            _live.Clear();
            _liveBytes = 0;
        }
    }

    /// <summary>
    /// Sizes are rounded up to an eighth of their power of two: at most an eighth is wasted, and tensors of about one size share
    /// blocks.
    /// </summary>
    internal static long ClassOf(long sizeBytes)
    {
        long size = Math.Max(sizeBytes, 1);
        long step = Math.Max(Alignment, (long)BitOperations.RoundUpToPowerOf2((ulong)size) / 16);
        return checked(size + step - 1) / step * step;
    }

    nint Fresh(long size, long requested)
    {
        if (source.TryAllocate(size, out nint address)) return address;
        TrimLocked();
        if (source.TryAllocate(size, out address)) return address;
        var (free, total) = source.Available;
        throw new CudaOutOfMemoryException("cuMemAlloc_v2", "CUDA_ERROR_OUT_OF_MEMORY (2)", requested, free, total,
            $"{_liveBytes >> 20} MiB are in use by this program's tensors");
    }

    void TrimLocked()
    {
        // After this every mark has passed and nothing idle is in use.
        source.Synchronize();
        CollectPassed();
        foreach (var blocks in _idle.Values)
            foreach (nint address in blocks) source.Free(address);
        _idle.Clear();
        _idleBytes = 0;
        _trims++;
    }

    void CollectPassed()
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            var (block, address, marks) = _waiting[i];
            if (!marks.TrueForAll(mark => mark.HasPassed)) continue;
            foreach (var mark in marks) mark.Dispose();
            _waiting.RemoveAt(i);
            _waitingBytes -= block.SizeBytes;
            MakeIdle(block, address);
        }
    }

    void MakeIdle(Block block, nint address)
    {
        var key = (block.Stream, block.SizeBytes);
        if (!_idle.TryGetValue(key, out var blocks)) _idle.Add(key, blocks = new());
        blocks.Push(address);
        _idleBytes += block.SizeBytes;
    }
}
