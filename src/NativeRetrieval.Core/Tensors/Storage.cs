using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Core.Tensors;

/// <summary>One block of device memory, counted by the tensors that share it and given back with the last of them.</summary>
internal sealed class Storage
{
    readonly Device _device;
    readonly long _sizeBytes;
    readonly bool _owns;
    readonly Storage? _whole;
    readonly nint _address;
    int _owners = 1, _version;

    Storage(Device device, nint address, long sizeBytes, bool owns) =>
        (_device, _address, _sizeBytes, _owns) = (device, address, sizeBytes, owns);

    /// <summary>Uninitialised memory.</summary>
    public Storage(Device device, long sizeBytes) : this(device, device.Allocate(sizeBytes), sizeBytes, owns: true)
    {
    }

    /// <summary>A copy of host memory.</summary>
    public Storage(Device device, ReadOnlySpan<byte> host) : this(device, device.AllocateFrom(host), host.Length, owns: true)
    {
    }

    /// <summary>Memory that is taken when it is first touched.</summary>
    public Storage(DeferredMemory memory) : this(memory.Device, 0, memory.SizeBytes, owns: true) => Deferred = memory;

    /// <summary>A part of a block, with owners of its own; the block lives as long as its parts.</summary>
    Storage(Storage whole, nint offset) : this(whole.Device, whole.Address + offset, 0, whole._owns)
    {
        _whole = whole;
        whole.Share();
        GC.SuppressFinalize(this); // a part that is dropped leaves the block to the block's own finalizer
    }

    /// <summary>Memory of a host program: it is used, never freed.</summary>
    public static Storage Foreign(Device device, nint address, long sizeBytes) => new(device, address, sizeBytes, owns: false);

    public nint Address => Deferred?.Address ?? _address;

    /// <summary>The memory where it is taken when it is first touched; null: it was there from the beginning.</summary>
    public DeferredMemory? Deferred { get; }

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

    /// <summary>Bytes of the block; 0 for a part.</summary>
    public long SizeBytes => _sizeBytes;

    /// <summary>The whole block's values in another form, which the device's backend keeps; or null.</summary>
    public DerivedValues? Derived { get; set; }

    /// <summary>True while exactly one tensor uses this block: its values may be overwritten unseen.</summary>
    public bool IsExclusive => _owns && Volatile.Read(ref _owners) == 1;

    public Storage Part(nint offset) => new(this, offset);

    public void Share() => Interlocked.Increment(ref _owners);

    public void Release()
    {
        if (Interlocked.Decrement(ref _owners) != 0) return;
        GC.SuppressFinalize(this);
        Derived?.Dispose();
        if (_whole is not null) _whole.Release();
        else if (_owns) Free();
    }

    /// <summary>A tensor that was dropped outside every scope: its memory comes back with the next collection.</summary>
    ~Storage()
    {
        if (_owns) Free();
    }

    void Free()
    {
        Deferred?.Dispose();
        if (_address != 0) _device.Free(_address, _sizeBytes);
    }
}

/// <summary>
/// Values of a block in another form, such as weights in a narrower type: they follow every change in place, so that work that was
/// recorded and reads them stays right, and are freed with the block.
/// </summary>
internal abstract class DerivedValues : IDisposable
{
    /// <summary>Queues the conversion of the values that have changed.</summary>
    /// <param name="changed">The block or a part of it.</param>
    public abstract void Renew(Tensor changed);

    public abstract void Dispose();
}
