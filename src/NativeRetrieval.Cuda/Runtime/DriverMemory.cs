using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>The memory of a context's device, taken from the driver.</summary>
internal sealed class DriverMemory(CudaContext context) : IMemorySource
{
    public bool TryAllocate(long sizeBytes, out nint address)
    {
        using var scope = context.Enter();
        var result = cuMemAlloc_v2(out address, checked((nuint)sizeBytes));
        if (result == DriverResult.OutOfMemory) return false;
        result.ThrowIfFailed("cuMemAlloc_v2(out address, sizeBytes)");
        context.Taken.Add(address, sizeBytes);
        return true;
    }

    /// <summary>Frees a block. Silent on a lost or closed context, whose memory is gone already.</summary>
    public void Free(nint address)
    {
        context.Taken.Remove(address);
        if (!context.TryEnter(out var scope)) return;
        using (scope) _ = cuMemFree_v2(address);
    }

    public void Synchronize() => context.Synchronize();

    public (long FreeBytes, long TotalBytes) Available
    {
        get
        {
            using var scope = context.Enter();
            cuMemGetInfo_v2(out nuint free, out nuint total).ThrowIfFailed();
            return ((long)free, (long)total);
        }
    }
}
