using NativeRetrieval.Core.Devices;
using NativeRetrieval.Cuda.Backend.Libraries;
using NativeRetrieval.Cuda.Interop;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>
/// Copies to the host that are waited for later, each with the device's record of faults at that point. Their page-locked buffers are
/// used again. Safe for several threads.
/// </summary>
internal sealed unsafe class PendingCopies(CudaDevice device, DeviceFaults faults) : IDisposable
{
    readonly Lock _lock = new();
    readonly List<Place> _idle = [];

    /// <summary>Queues a copy behind what is on the device's stream.</summary>
    public IPendingCopy Start(nint source, int sizeBytes)
    {
        int faultsAt = (sizeBytes + sizeof(int) - 1) / sizeof(int) * sizeof(int);
        var place = Take(faultsAt + DeviceFaults.SizeBytes);
        nint record = faults.AddressIfPossible;
        using (device.Context.Enter())
        {
            if (sizeBytes > 0)
                cuMemcpyDtoHAsync_v2(place.Buffer.Pointer, source, (nuint)sizeBytes, device.Stream.Handle).ThrowIfFailed();
            if (record != 0)
                cuMemcpyDtoHAsync_v2((byte*)place.Buffer.Pointer + faultsAt, record, DeviceFaults.SizeBytes, device.Stream.Handle)
                    .ThrowIfFailed();
        }
        device.Stream.Record(place.Done);
        return new Copy(this, place, record != 0 ? faultsAt : -1);
    }

    public void Dispose()
    {
        foreach (var place in _idle)
        {
            place.Done.Dispose();
            place.Buffer.Dispose();
        }
    }

    Place Take(int sizeBytes)
    {
        lock (_lock)
        {
            int at = _idle.FindIndex(place => place.Buffer.SizeBytes >= sizeBytes);
            if (at < 0) return new(new(device.Context, sizeBytes), new(device.Context));
            var place = _idle[at];
            _idle.RemoveAt(at);
            return place;
        }
    }

    sealed record Place(PinnedBuffer Buffer, CudaEvent Done);

    sealed class Copy(PendingCopies owner, Place place, int faultsAt) : IPendingCopy
    {
        public void Wait(Span<byte> host)
        {
            place.Done.Wait();
            place.Buffer.Span[..host.Length].CopyTo(host);
            Span<byte> words = stackalloc byte[DeviceFaults.SizeBytes];
            if (faultsAt >= 0) place.Buffer.Span.Slice(faultsAt, words.Length).CopyTo(words);
            lock (owner._lock) owner._idle.Add(place);
            owner.ThrowIfAny(words);
        }
    }

    void ThrowIfAny(ReadOnlySpan<byte> words) => faults.ThrowIfAny(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(words));
}
