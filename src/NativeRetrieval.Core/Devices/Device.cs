using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.Core.Devices;

/// <summary>
/// The memory of tensors and the processor of their operations: <see cref="CpuDevice.Shared"/>, or one that the CUDA assembly opens.
/// </summary>
public abstract class Device : IDisposable
{
    /// <summary>Bytes held by live tensors.</summary>
    public abstract long LiveBytes { get; }

    /// <summary>The most bytes that live tensors ever held.</summary>
    public abstract long PeakBytes { get; }

    /// <summary>Ends the device; <see cref="CpuDevice.Shared"/> has nothing to end.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    /// <summary>The name that <c>--device</c> takes and the kind of device, for people.</summary>
    public virtual string Description => ToString() ?? "";

    /// <summary>Memory that the device has in all.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Layout of float32 feature maps between convolutions on this device: what <c>Op.Conv2d</c> takes and gives.</summary>
    public abstract Layout FeatureMaps { get; }

    /// <summary>The precision of float32 convolutions and matrix products: what the device was opened with.</summary>
    public virtual Precision Precision => Precision.Float32;

    /// <summary>Layout of a float32 convolution's kernels [O, I, k, k] on this device: what <c>Op.Conv2d</c> takes.</summary>
    public virtual Layout Filters => Layout.Contiguous;

    /// <summary>
    /// The type that encoders store activations and their gradients in on this device: bfloat16 where it was opened so, else float32.
    /// </summary>
    public virtual DType Activations => Precision == Precision.BFloat16 ? DType.BFloat16 : DType.Float32;

    /// <summary>True where ops take bfloat16 activations, whatever <see cref="Activations"/> says.</summary>
    public virtual bool ComputesInBFloat16 => false;

    internal abstract IBackend Backend { get; }

    /// <summary>Records work that repeats; null on a device that cannot, or was opened without.</summary>
    internal virtual WorkRecorder? Recorder => null;

    /// <summary>True while this thread records the device's work: nothing may be read.</summary>
    internal virtual bool IsRecorded => false;

    /// <summary>True where operations are queued and return before they are done, so that reading waits.</summary>
    public virtual bool WorksBehind => false;

    /// <summary>
    /// The number that rows of tokens are filled up to a multiple of, so that few sizes are met: 1 where that would be more work.
    /// </summary>
    public virtual int RowMultiple => 1;

    internal abstract nint Allocate(long sizeBytes);

    /// <summary>Memory with a copy of <paramref name="host"/>, which may be changed as soon as this returns.</summary>
    internal virtual nint AllocateFrom(ReadOnlySpan<byte> host)
    {
        nint address = Allocate(host.Length);
        CopyIn(host, address);
        return address;
    }

    /// <summary>
    /// Memory with values that are the same for all work of equal shapes; equal ones are uploaded once, and recorded work keeps its own.
    /// Nothing writes to them.
    /// </summary>
    internal virtual Storage AllocateConstant(ReadOnlySpan<byte> host) => Storage.CopyOf(this, host);

    /// <summary>No memory: what disposed tensors of this device refer to.</summary>
    internal Storage Freed => field ??= Storage.Foreign(this, 0, 0);

    internal abstract void Free(nint address, long sizeBytes);

    internal abstract void Clear(nint address, long sizeBytes);

    internal abstract void Copy(nint source, nint target, long sizeBytes);

    internal abstract void CopyIn(ReadOnlySpan<byte> host, nint target);

    internal abstract void CopyOut(nint source, Span<byte> host);

    /// <summary>Starts a copy to the host, behind what is queued; null: it is done.</summary>
    internal virtual IPendingCopy? CopyOutLater(nint source, Span<byte> host)
    {
        CopyOut(source, host);
        return null;
    }

    /// <summary>The address as a host pointer; a device without host-visible memory throws.</summary>
    internal abstract unsafe void* HostPointer(nint address);
}
