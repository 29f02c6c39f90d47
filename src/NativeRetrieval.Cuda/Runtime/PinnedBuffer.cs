using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>Page-locked host memory. Copies run beside computation only from and to such memory.</summary>
public sealed unsafe class PinnedBuffer : IDisposable
{
    readonly PinnedHandle _handle;

    /// <summary>Allocates page-locked memory, which all contexts of the process can use.</summary>
    /// <exception cref="Errors.CudaOutOfMemoryException">The system has no such memory left.</exception>
    public PinnedBuffer(CudaContext context, int sizeBytes)
    {
        using var scope = context.Enter();
        cuMemHostAlloc(out void* address, (nuint)sizeBytes, HostMemoryFlags.Portable).ThrowIfFailed();
        _handle = new((nint)address, context);
        SizeBytes = sizeBytes;
    }

    /// <summary>The length in bytes.</summary>
    public int SizeBytes { get; }

    /// <summary>The memory; valid until <see cref="Dispose"/>.</summary>
    public Span<byte> Span => new(Pointer, SizeBytes);

    internal void* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return (void*)_handle.DangerousGetHandle();
        }
    }

    /// <summary>Frees the memory; copies that still use it must have passed.</summary>
    public void Dispose() => _handle.Dispose();
}
