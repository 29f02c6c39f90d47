using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Core.Tensors;

/// <summary>One block of device memory, counted by the tensors that share it and given back with the last of them.</summary>
internal sealed class Storage
{
    readonly Device _device;
    readonly long _sizeBytes;
    readonly bool _owns;
    readonly Storage? _whole;
    int _owners = 1, _version;

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

    /// <summary>A part of a block, with owners of its own; the block lives as long as its parts.</summary>
    Storage(Storage whole, nint offset) : this(whole.Device, whole.Address + offset, 0, whole._owns)
    {
        _whole = whole;
        whole.Share();
        GC.SuppressFinalize(this); // a part that is dropped leaves the block to the block's own finalizer
    }

    /// <summary>Memory of a host program: it is used, never freed.</summary>
    public static Storage Foreign(Device device, nint address) => new(device, address, 0, owns: false);

    public nint Address { get; }

    /// <summary>The block that this is a part of, or this.</summary>
    public Storage Whole => _whole?.Whole ?? this;

    /// <summary>Number of in-place changes of the block or any part of it.</summary>
    public int Version
    {
        get => _whole?.Version ?? _version;
        set
        {
            if (_whole is null) _version = value;
            else _whole.Version = value;
        }
    }

    public Device Device => _device;

    /// <summary>True while exactly one tensor uses this block: its values may be overwritten unseen.</summary>
    public bool IsExclusive => _owns && Volatile.Read(ref _owners) == 1;

    public Storage Part(nint offset) => new(this, offset);

    public void Share() => Interlocked.Increment(ref _owners);

    public void Release()
    {
        if (Interlocked.Decrement(ref _owners) != 0) return;
        GC.SuppressFinalize(this);
        if (_whole is not null) _whole.Release();
        else if (_owns) _device.Free(Address, _sizeBytes);
    }

    /// <summary>A tensor that was dropped outside every scope: its memory comes back with the next collection.</summary>
    ~Storage()
    {
        if (_owns && Address != 0) _device.Free(Address, _sizeBytes);
    }
}
