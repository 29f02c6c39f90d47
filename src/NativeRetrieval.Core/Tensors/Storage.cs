using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Core.Tensors;

/// <summary>One block of device memory, counted by the tensors that share it and given back with the last of them.</summary>
internal sealed class Storage
{
    readonly Device _device;
    readonly long _sizeBytes;
    readonly bool _owns;
    int _owners = 1;

    Storage(Device device, nint address, long sizeBytes, bool owns) =>
        (_device, Address, _sizeBytes, _owns) = (device, address, sizeBytes, owns);

    /// <summary>Uninitialised memory.</summary>
    public Storage(Device device, long sizeBytes) : this(device, device.Allocate(sizeBytes), sizeBytes, owns: true)
    {
    }

    /// <summary>A copy of host memory.</summary>
    public Storage(Device device, ReadOnlySpan<byte> host) : this(device, device.AllocateFrom(host), host.Length, owns: true)
    {
    }

    /// <summary>Memory of a host program: it is used, never freed.</summary>
    public static Storage Foreign(Device device, nint address) => new(device, address, 0, owns: false);

    public nint Address { get; }

    public Device Device => _device;

    /// <summary>True while exactly one tensor uses this block: its values may be overwritten unseen.</summary>
    public bool IsExclusive => _owns && Volatile.Read(ref _owners) == 1;

    public void Share() => Interlocked.Increment(ref _owners);

    public void Release()
    {
        if (Interlocked.Decrement(ref _owners) != 0) return;
        GC.SuppressFinalize(this);
        if (_owns) _device.Free(Address, _sizeBytes);
    }

    /// <summary>A tensor that was dropped outside every scope: its memory comes back with the next collection.</summary>
    ~Storage()
    {
        if (_owns && Address != 0) _device.Free(Address, _sizeBytes);
    }
}
