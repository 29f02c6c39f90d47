using NativeRetrieval.Cuda.Errors;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>
/// Device memory that lives as long as the device, such as a library's workspace. It is not counted with the tensors' memory.
/// </summary>
internal sealed class DeviceBuffer : IDisposable
{
    readonly DriverMemory _source;

    /// <exception cref="CudaOutOfMemoryException">The device has no such block left.</exception>
    public DeviceBuffer(CudaContext context, long sizeBytes)
    {
        _source = new(context);
        if (!_source.TryAllocate(sizeBytes, out nint address))
        {
            var (free, total) = _source.Available;
            throw new CudaOutOfMemoryException("cuMemAlloc_v2", "CUDA_ERROR_OUT_OF_MEMORY (2)", sizeBytes, free, total);
        }
        (Address, SizeBytes) = (address, sizeBytes);
    }

    public nint Address { get; }

    public long SizeBytes { get; }

    /// <summary>Frees the memory; nothing queued may use it any more.</summary>
    public void Dispose() => _source.Free(Address);
}
