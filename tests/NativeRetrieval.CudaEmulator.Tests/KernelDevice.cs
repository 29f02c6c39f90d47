using NativeRetrieval.Cuda.Compilation;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.CudaEmulator.Tests;

/// <summary>
/// A device behind the real bindings and launcher, for single kernels: compiled once, run in the order asked for, and leaving nothing
/// behind.
/// </summary>
internal sealed unsafe class KernelDevice : IDisposable
{
    readonly CudaContext _context;
    readonly CudaStream _stream;
    readonly KernelLibrary _library;
    readonly List<nint> _memory = [];

    public KernelDevice(string order)
    {
        DeviceOrder.Choose(order);
        _context = CudaContext.OpenPrimary();
        _stream = new(_context);
        _library = new(_context, new KernelCache(Emulator.KernelFolder));
    }

    /// <summary>Copies values to fresh device memory.</summary>
    public nint Upload<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        nint address = Empty<T>(values.Length);
        using var scope = _context.Enter();
        fixed (T* first = values)
            if (values.Length > 0) cuMemcpyHtoDAsync_v2(address, first, (nuint)(values.Length * sizeof(T)), _stream.Handle).ThrowIfFailed();
        return address;
    }

    public nint Upload<T>(T[] values) where T : unmanaged => Upload<T>(values.AsSpan());

    /// <summary>Device memory that holds nothing: to read it is an error.</summary>
    public nint Empty<T>(int count) where T : unmanaged
    {
        using var scope = _context.Enter();
        cuMemAlloc_v2(out nint address, (nuint)Math.Max(1, count * sizeof(T))).ThrowIfFailed();
        _memory.Add(address);
        return address;
    }

    public void Launch(string file, string entryPoint, int grid, int block, int sharedBytes,
        params ReadOnlySpan<KernelArgument> arguments) =>
        _library.Function(file, entryPoint).Launch(_stream, grid, block, sharedBytes, arguments);

    public void Launch(string file, string entryPoint, (int X, int Y, int Z) grid, int block, int sharedBytes,
        params ReadOnlySpan<KernelArgument> arguments) =>
        _library.Function(file, entryPoint).Launch(_stream, grid, (block, 1, 1), sharedBytes, arguments);

    /// <summary>Waits; what a kernel did wrong fails here, with the emulator's finding.</summary>
    public T[] Download<T>(nint address, int count) where T : unmanaged
    {
        var values = new T[count];
        using var scope = _context.Enter();
        fixed (T* first = values)
        {
            if (count > 0) _ = cuMemcpyDtoHAsync_v2(first, address, (nuint)(count * sizeof(T)), _stream.Handle);
            var result = cuStreamSynchronize(_stream.Handle);
            Assert.True(result == 0, $"{result}: {DeviceOrder.Report()}");
        }
        return values;
    }

    public void Dispose()
    {
        using (_context.Enter())
            foreach (nint address in _memory) cuMemFree_v2(address);
        _library.Dispose();
        _stream.Dispose();
        _context.Dispose();
    }
}
