using System.Diagnostics.CodeAnalysis;
using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Core.Tensors;

/// <summary>
/// One block of device memory, counted by the tensors that share it and given back with the last of them. The object then serves the next
/// block that its thread takes: no tensor refers to it any more.
/// </summary>
internal sealed class Storage
{
    const int MostIdle = 256;

    [ThreadStatic] static Storage? t_idle;
    [ThreadStatic] static int t_idleCount;

    /// <summary>The block of a part, or the next idle object of an idle one.</summary>
    Storage? _whole;

    /// <summary>Address of the first byte; where the memory is taken when it is first touched, its distance from the beginning.</summary>
    nint _address;
    bool _owns;
    int _owners, _version;

    Storage(Device device, nint address, long sizeBytes, bool owns) => Set(device, address, sizeBytes, owns);

    /// <summary>Memory that is taken when it is first touched.</summary>
    public Storage(DeferredMemory memory) : this(memory.Device, 0, memory.SizeBytes, owns: true) => Deferred = memory;

    /// <summary>A part of a block, with owners of its own; the block lives as long as its parts.</summary>
    Storage(Storage whole, nint offset) : this(whole.Device, whole._address + offset, 0, whole._owns)
    {
        (_whole, Deferred) = (whole, whole.Deferred);
        whole.Share();
        GC.SuppressFinalize(this); // a part that is dropped leaves the block to the block's own finalizer
    }

    /// <summary>Uninitialised memory.</summary>
    public static Storage Of(Device device, long sizeBytes) => Owning(device, device.Allocate(sizeBytes), sizeBytes);

    /// <summary>A copy of host memory.</summary>
    public static Storage CopyOf(Device device, ReadOnlySpan<byte> host) => Owning(device, device.AllocateFrom(host), host.Length);

    /// <summary>Memory of a host program: it is used, never freed.</summary>
    public static Storage Foreign(Device device, nint address, long sizeBytes) => new(device, address, sizeBytes, owns: false);

    public nint Address => Deferred is { } memory ? memory.Address + _address : _address;

    /// <summary>The memory where it is taken when it is first touched; null: it was there from the beginning.</summary>
    public DeferredMemory? Deferred { get; private set; }

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

    public Device Device { get; private set; }

    /// <summary>Bytes of the block; 0 for a part.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>The whole block's values in another form, which the device's backend keeps; or null.</summary>
    public DerivedValues? Derived { get; set; }

    /// <summary>True while exactly one tensor uses this block: its values may be overwritten unseen.</summary>
    public bool IsExclusive => _owns && Volatile.Read(ref _owners) == 1;

    public Storage Part(nint offset) => new(this, offset);

    public void Share() => Interlocked.Increment(ref _owners);

    public void Release()
    {
        if (Interlocked.Decrement(ref _owners) != 0) return;
        Derived?.Dispose();
        Derived = null;
        if (_whole is not null) _whole.Release();
        else if (_owns) Free();
        _address = 0;
        if (_whole is null && _owns && t_idleCount < MostIdle)
        {
            (_whole, t_idle) = (t_idle, this);
            t_idleCount++;
        }
        else GC.SuppressFinalize(this);
    }

    /// <summary>A tensor that was dropped outside every scope: its memory comes back with the next collection.</summary>
    ~Storage()
    {
        if (_owns) Free();
    }

    void Free()
    {
        // Forgotten first: a block whose end was written past is refused, and must not come back with the finalizer.
        var (deferred, address) = (Deferred, _address);
        (Deferred, _address) = (null, 0);
        deferred?.Dispose();
        if (address != 0) Device.Free(address, SizeBytes);
    }

    static Storage Owning(Device device, nint address, long sizeBytes)
    {
        if (t_idle is not { } storage) return new(device, address, sizeBytes, owns: true);
        (t_idle, storage._whole) = (storage._whole, null);
        t_idleCount--;
        storage.Set(device, address, sizeBytes, owns: true);
        return storage;
    }

    [MemberNotNull(nameof(Device))]
    void Set(Device device, nint address, long sizeBytes, bool owns)
    {
        (Device, _address, SizeBytes, _owns) = (device, address, sizeBytes, owns);
        (_owners, _version) = (1, 0);
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
