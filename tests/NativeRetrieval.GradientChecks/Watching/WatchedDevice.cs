using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Ops;
using NativeRetrieval.Core.Tensors;

namespace NativeRetrieval.GradientChecks.Watching;

/// <summary>Another device whose operations a watcher sees, with their arguments, and carries out.</summary>
internal sealed class WatchedDevice(Device inner, Func<OperationCall, object?> watch) : Device
{
    public override long LiveBytes => inner.LiveBytes;

    public override long PeakBytes => inner.PeakBytes;

    public override long MemoryBytes => inner.MemoryBytes;

    public override string Description => inner.Description;

    public override Layout FeatureMaps => inner.FeatureMaps;

    public override Layout Filters => inner.Filters;

    public override Precision Precision => inner.Precision;

    public override DType Activations => inner.Activations;

    public override bool ComputesInBFloat16 => inner.ComputesInBFloat16;

    internal override IBackend Backend { get; } = BackendProxy.Over(inner.Backend, watch);

    internal override nint Allocate(long sizeBytes) => inner.Allocate(sizeBytes);

    internal override nint AllocateFrom(ReadOnlySpan<byte> host) => inner.AllocateFrom(host);

    internal override void Free(nint address, long sizeBytes) => inner.Free(address, sizeBytes);

    internal override void Clear(nint address, long sizeBytes) => inner.Clear(address, sizeBytes);

    internal override void Copy(nint source, nint target, long sizeBytes) => inner.Copy(source, target, sizeBytes);

    internal override void CopyIn(ReadOnlySpan<byte> host, nint target) => inner.CopyIn(host, target);

    internal override void CopyOut(nint source, Span<byte> host) => inner.CopyOut(source, host);

    internal override unsafe void* HostPointer(nint address) => inner.HostPointer(address);

    public override string ToString() => inner.ToString() ?? "";
}
