using System.Runtime.InteropServices;
using NativeRetrieval.Core.Cpu;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Parallel;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Devices;

/// <summary>
/// Host memory and the SIMD backend. Freed blocks are kept for the next tensors, because fresh pages cost more than most operations:
/// small ones for those of about their size, large ones for any that they have room for. What a training step frees, the next one takes
/// again; only when live and idle memory together outgrow the most that was ever in use by half, the idle part goes back to the system.
/// </summary>
public sealed class CpuDevice : Device
{
    const int Alignment = 64;
    const long LargeBlock = 1 << 20;
    const long GuardBytes = 64;
    const byte GuardPattern = 0xA5;
    const long IdleAllowanceBytes = 256L << 20;

    readonly Lock _lock = new();
    readonly Dictionary<long, Stack<nint>> _idle = [];
    readonly LargeBlocks _large = new();
    readonly bool _guarded;
    long _idleBytes, _liveBytes, _liveLargeBytes, _peakBytes;

    /// <param name="guarded">
    /// For tests: fresh memory holds NaN, and a guard behind each block reveals a kernel that writes past its end when the block is freed.
    /// </param>
    internal CpuDevice(bool guarded = false)
    {
        _guarded = guarded;
        Backend = new CpuBackend();
    }

    /// <summary>Threads that share the work of one operation: NATIVERETRIEVAL_THREADS, or the number of processors.</summary>
    public static int Threads => Workers.Count;

    /// <summary>The process's CPU device.</summary>
    public static CpuDevice Shared { get; } = new();

    /// <inheritdoc/>
    public override long LiveBytes { get { lock (_lock) return _liveBytes; } }

    /// <inheritdoc/>
    public override long PeakBytes { get { lock (_lock) return _peakBytes; } }

    /// <summary>Memory that the system grants this process, in bytes.</summary>
    public override long MemoryBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Blocks of 16 channels: <see cref="Layout.NCHW16c"/>.</summary>
    public override Layout FeatureMaps => Layout.NCHW16c;

    /// <summary>Blocks of 16 output channels: <see cref="Layout.OIHW16o"/>.</summary>
    public override Layout Filters => Layout.OIHW16o;

    internal override IBackend Backend { get; }

    internal override unsafe nint Allocate(long sizeBytes)
    {
        long block = BlockBytes(sizeBytes);
        nint address;
        lock (_lock)
        {
            _liveBytes += block;
            _peakBytes = Math.Max(_peakBytes, _liveBytes);
            try
            {
                address = block >= LargeBlock ? TakeLarge(block) : TakeSmall(block);
            }
            catch (OutOfMemoryException e)
            {
                _liveBytes -= block;
                throw new NativeRetrievalException(
                    $"the system has no {block >> 20} MiB of memory for a tensor; use a smaller batch or shorter clips", e);
            }
        }
        if (_guarded)
        {
            new Span<byte>((void*)address, checked((int)block)).Fill(0xFF);
            new Span<byte>((void*)(address + (nint)sizeBytes), (int)GuardBytes).Fill(GuardPattern);
        }
        return address;
    }

    internal override unsafe void Free(nint address, long sizeBytes)
    {
        long block = BlockBytes(sizeBytes);
        if (_guarded && new ReadOnlySpan<byte>((void*)(address + (nint)sizeBytes), (int)GuardBytes).ContainsAnyExcept(GuardPattern))
            throw new InvalidOperationException($"an operation wrote past the end of a block of {sizeBytes} bytes");
        lock (_lock)
        {
            _liveBytes -= block;
            if (block >= LargeBlock)
            {
                _liveLargeBytes -= block;
                _large.Return(address);
                return;
            }
            _idleBytes += block;
            if (!_idle.TryGetValue(block, out var stack)) _idle.Add(block, stack = new());
            stack.Push(address);
        }
    }

    /// <summary>Gives the system back what freed tensors have left, as after a model that is not used again. Safe at any time.</summary>
    public void ReleaseIdle()
    {
        lock (_lock) TrimLocked();
    }

    internal override unsafe void Clear(nint address, long sizeBytes) => NativeMemory.Clear((void*)address, (nuint)sizeBytes);

    internal override unsafe void Copy(nint source, nint target, long sizeBytes) =>
        Buffer.MemoryCopy((void*)source, (void*)target, sizeBytes, sizeBytes);

    internal override unsafe void CopyIn(ReadOnlySpan<byte> host, nint target) => host.CopyTo(new Span<byte>((void*)target, host.Length));

    internal override unsafe void CopyOut(nint source, Span<byte> host) => new ReadOnlySpan<byte>((void*)source, host.Length).CopyTo(host);

    internal override unsafe void* HostPointer(nint address) => (void*)address;

    /// <summary>The name that <c>--device</c> takes: <c>cpu</c>.</summary>
    public override string ToString() => "cpu";

    /// <summary>
    /// Sizes of small blocks are rounded up to an eighth of their power of two, so that blocks of similar tensors are shared.
    /// </summary>
    long BlockBytes(long sizeBytes)
    {
        long size = Math.Max(sizeBytes, 1) + (_guarded ? GuardBytes : 0);
        long step = size >= LargeBlock ? LargeBlocks.Granule
            : Math.Max(Alignment, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)size) / 16);
        return (size + step - 1) / step * step;
    }

    nint TakeLarge(long block)
    {
        nint address = _large.TryTake(block);
        if (address == 0)
        {
            TrimWhereMuchIsIdle();
            _large.Grow(block);
            address = _large.TryTake(block);
        }
        _liveLargeBytes += block;
        return address;
    }

    unsafe nint TakeSmall(long block)
    {
        if (_idle.TryGetValue(block, out var stack) && stack.TryPop(out nint address))
        {
            _idleBytes -= block;
            return address;
        }
        TrimWhereMuchIsIdle();
        return (nint)NativeMemory.AlignedAlloc((nuint)block, Alignment);
    }

    void TrimWhereMuchIsIdle()
    {
        long idle = _idleBytes + _large.TotalBytes - _liveLargeBytes;
        if (_liveBytes + idle > _peakBytes + _peakBytes / 2 + IdleAllowanceBytes) TrimLocked();
    }

    unsafe void TrimLocked()
    {
        foreach (var stack in _idle.Values)
            while (stack.TryPop(out nint address)) NativeMemory.AlignedFree((void*)address);
        _idle.Clear();
        _idleBytes = 0;
        _large.Trim();
    }
}
