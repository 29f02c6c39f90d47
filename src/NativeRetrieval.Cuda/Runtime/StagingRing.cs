using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>
/// Copies between ordinary host memory and a device through page-locked buffers used in turn: while the device fetches one, the
/// processor fills the next. A buffer is used again only when an event says that the device is done with it. Safe for several threads.
/// </summary>
/// <remarks>
/// To let transfers overlap computation, give them a stream of their own, allocate the target for that stream and let the
/// computing stream wait for an event recorded behind the copy.
/// </remarks>
public sealed unsafe class StagingRing : IDisposable
{
    readonly Lock _lock = new();
    readonly Slot[] _slots;
    int _next;

    sealed record Slot(PinnedBuffer Buffer, CudaEvent Done);

    /// <summary>Allocates the buffers.</summary>
    /// <param name="context">The context of the streams that copy.</param>
    /// <param name="slotBytes">The size of one buffer, at least 1; larger copies go in pieces.</param>
    /// <param name="slots">The number of buffers, at least 2, which suffice to overlap.</param>
    /// <exception cref="CudaOutOfMemoryException">The system has no page-locked memory left.</exception>
    public StagingRing(CudaContext context, int slotBytes = 8 << 20, int slots = 2)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slotBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 2);
        _slots = new Slot[slots];
        try
        {
            for (int i = 0; i < slots; i++) _slots[i] = new(new(context, slotBytes), new(context));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Queues a copy to the device address <paramref name="target"/>. Returns when <paramref name="host"/> may be changed.
    /// </summary>
    public void Upload(ReadOnlySpan<byte> host, nint target, CudaStream stream)
    {
        lock (_lock)
        {
            while (!host.IsEmpty)
            {
                var slot = Take();
                int count = Math.Min(host.Length, slot.Buffer.SizeBytes);
                host[..count].CopyTo(slot.Buffer.Span);
                using (stream.Context.Enter())
                    cuMemcpyHtoDAsync_v2(target, slot.Buffer.Pointer, (nuint)count, stream.Handle).ThrowIfFailed();
                stream.Record(slot.Done);
                host = host[count..];
                target += count;
            }
        }
    }

    /// <summary>Copies from the device after everything queued on <paramref name="stream"/>; returns when the values are there.</summary>
    public void Download(nint source, Span<byte> host, CudaStream stream)
    {
        lock (_lock)
        {
            // One piece is on its way while the one before it is copied out.
            (Slot Slot, int Offset, int Count)? before = null;
            for (int offset = 0; offset < host.Length;)
            {
                var slot = Take();
                int count = Math.Min(host.Length - offset, slot.Buffer.SizeBytes);
                using (stream.Context.Enter())
                    cuMemcpyDtoHAsync_v2(slot.Buffer.Pointer, source + offset, (nuint)count, stream.Handle).ThrowIfFailed();
                stream.Record(slot.Done);
                if (before is { } earlier) CopyOut(earlier, host);
                before = (slot, offset, count);
                offset += count;
            }
            if (before is { } last) CopyOut(last, host);
        }
    }

    /// <summary>Waits for the copies that still use the buffers and frees them.</summary>
    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            if (slot is null) continue;
            WaitQuietly(slot.Done);
            slot.Done.Dispose();
            slot.Buffer.Dispose();
        }
    }

    Slot Take()
    {
        var slot = _slots[_next];
        _next = (_next + 1) % _slots.Length;
        slot.Done.Wait();
        return slot;
    }

    static void CopyOut((Slot Slot, int Offset, int Count) piece, Span<byte> host)
    {
        piece.Slot.Done.Wait();
        piece.Slot.Buffer.Span[..piece.Count].CopyTo(host[piece.Offset..]);
    }

    /// <summary>A buffer that the device still reads must not go; a device that is lost or closed reads nothing.</summary>
    static void WaitQuietly(CudaEvent done)
    {
        try
        {
            done.Wait();
        }
        catch (Exception error) when (error is CudaException or ObjectDisposedException)
        {
        }
    }
}
