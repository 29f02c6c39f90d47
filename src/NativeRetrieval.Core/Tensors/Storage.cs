using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Core.Tensors;

/// <summary>One block of device memory, counted by the tensors that share it and given back with the last of them.</summary>
internal sealed class Storage(Device device, long sizeBytes)
{
    int _owners = 1;

    public nint Address { get; } = device.Allocate(sizeBytes);

    public Device Device => device;

    /// <summary>True while exactly one tensor uses this block: its values may be overwritten unseen.</summary>
    public bool IsExclusive => Volatile.Read(ref _owners) == 1;

    public void Share() => Interlocked.Increment(ref _owners);

    public void Release()
    {
        if (Interlocked.Decrement(ref _owners) != 0) return;
        GC.SuppressFinalize(this);
        device.Free(Address, sizeBytes);
    }

    /// <summary>A tensor that was dropped outside every scope: its memory comes back with the next collection.</summary>
    ~Storage()
    {
        if (Address != 0) device.Free(Address, sizeBytes);
    }
}
