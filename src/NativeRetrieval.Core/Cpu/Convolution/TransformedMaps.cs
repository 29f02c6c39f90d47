using NativeRetrieval.Core.Devices;

namespace NativeRetrieval.Core.Cpu.Convolution;

/// <summary>
/// Memory for a batch of transformed tiles, up to some 10 MiB: from the device's blocks, in which feature maps of other layers lie before
/// and after. Layers with the widest tiles have the smallest maps, so that it adds nothing to the most that is in use.
/// </summary>
internal readonly unsafe struct TransformedMaps : IDisposable
{
    /// <summary>From this size on blocks are cut from memory that serves any other size next.</summary>
    const long LeastBytes = 1 << 20;

    readonly long _bytes;

    /// <param name="floats">Room for so many; it holds whatever an earlier use left.</param>
    public TransformedMaps(nint floats)
    {
        _bytes = Math.Max(floats * sizeof(float), LeastBytes);
        First = (float*)CpuDevice.Shared.Allocate(_bytes);
    }

    public float* First { get; }

    public void Dispose() => CpuDevice.Shared.Free((nint)First, _bytes);
}
