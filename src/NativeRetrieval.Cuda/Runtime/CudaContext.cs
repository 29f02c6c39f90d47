using NativeRetrieval.Core.Errors;
using NativeRetrieval.Cuda.Errors;
using NativeRetrieval.Cuda.Interop;
using NativeRetrieval.Cuda.Interop.Driver;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>
/// A CUDA context: the primary one of the GPU, which cuBLAS, cuDNN and other CUDA code of the process share, or one that a host
/// lends. Every use of the device is inside <see cref="Enter"/>. Safe for use by several threads.
/// </summary>
public sealed class CudaContext : IDisposable
{
    [ThreadStatic] static CudaContext? t_current;

    readonly nint _context;
    readonly PrimaryContextHandle? _primary;
    CudaDeviceLostException? _lost;
    volatile bool _closed;

    CudaContext(nint context, int ordinal, int device, PrimaryContextHandle? primary)
    {
        (_context, Ordinal, _primary) = (context, ordinal, primary);
        Properties = CudaDeviceProperties.Read(device, ordinal);
    }

    /// <summary>Retains the primary context of a GPU.</summary>
    /// <param name="ordinal">The number among the GPUs that this process may use, from 0.</param>
    /// <exception cref="CudaUnavailableException">There is no driver or no GPU.</exception>
    /// <exception cref="OptionException">There is no GPU of this number.</exception>
    public static CudaContext OpenPrimary(int ordinal = 0)
    {
        int device = DeviceOf(ordinal);
        cuDevicePrimaryCtxRetain(out nint context, device).ThrowIfFailed();
        var primary = new PrimaryContextHandle(context, device);
        try
        {
            return new CudaContext(context, ordinal, device, primary);
        }
        catch
        {
            primary.Dispose();
            throw;
        }
    }

    /// <summary>Uses a context that the host owns and that outlives this object.</summary>
    /// <param name="context">A CUcontext of that GPU; not null.</param>
    /// <param name="ordinal">The number of its GPU among those that this process may use, from 0.</param>
    /// <exception cref="CudaUnavailableException">There is no driver or no GPU.</exception>
    /// <exception cref="OptionException">The context is null, or there is no GPU of this number.</exception>
    public static CudaContext Borrow(nint context, int ordinal)
    {
        if (context == 0) throw new OptionException("the CUcontext to borrow is null");
        return new CudaContext(context, ordinal, DeviceOf(ordinal), null);
    }

    /// <summary>The number of the GPU among those that this process may use, from 0.</summary>
    public int Ordinal { get; }

    /// <summary>The properties of the GPU, read once when the context is opened.</summary>
    public CudaDeviceProperties Properties { get; }

    /// <summary>The CUcontext, for CUDA calls of the host's own.</summary>
    public nint Address => _context;

    /// <summary>True after an error that ended the context: every later use of it throws <see cref="CudaDeviceLostException"/>.</summary>
    public bool IsLost => Volatile.Read(ref _lost) is not null;

    /// <summary>The memory that was taken through this object.</summary>
    internal TakenMemory Taken { get; } = new();

    /// <summary>The context that this thread entered last.</summary>
    internal static CudaContext? Current
    {
        get => t_current;
        set => t_current = value;
    }

    /// <summary>Makes the context current on this thread until the scope is disposed.</summary>
    /// <exception cref="CudaDeviceLostException">An earlier error ended the context.</exception>
    /// <exception cref="ObjectDisposedException">The context was given back.</exception>
    public ContextScope Enter()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (Volatile.Read(ref _lost) is { } lost) throw new CudaDeviceLostException(lost);
        cuCtxGetCurrent(out nint before).ThrowIfFailed();
        if (before != _context) cuCtxSetCurrent(_context).ThrowIfFailed();
        var scope = new ContextScope(before, before != _context, t_current);
        t_current = this;
        return scope;
    }

    /// <summary>Waits for everything that was queued in the context.</summary>
    /// <exception cref="CudaException">Queued work failed.</exception>
    public void Synchronize()
    {
        using var scope = Enter();
        cuCtxSynchronize().ThrowIfFailed();
    }

    /// <summary>Enters the context to release a handle. False where the context is gone, and with it all that it held.</summary>
    internal bool TryEnter(out ContextScope scope)
    {
        scope = default;
        if (_closed || IsLost || cuCtxGetCurrent(out nint before) != DriverResult.Success) return false;
        if (before != _context && cuCtxSetCurrent(_context) != DriverResult.Success) return false;
        scope = new ContextScope(before, before != _context, t_current);
        t_current = this;
        return true;
    }

    internal void MarkLost(CudaDeviceLostException error) => Interlocked.CompareExchange(ref _lost, error, null);

    /// <summary>A library of the current context failed: asks the driver whether the context itself is the cause.</summary>
    internal static void ThrowIfCurrentIsLost(string call)
    {
        if (t_current is null) return;
        var state = cuCtxSynchronize();
        if (ResultCheck.EndsTheContext(state)) throw ResultCheck.Of(state, call);
    }

    /// <summary>Gives the primary context back; a lent one stays. What was made in it must not be used any more.</summary>
    public void Dispose()
    {
        _closed = true;
        _primary?.Dispose();
    }

    /// <summary>The name of the device, e.g. <c>cuda:0</c>.</summary>
    public override string ToString() => $"cuda:{Ordinal}";

    static int DeviceOf(int ordinal)
    {
        int count = CudaDriver.DeviceCount;
        if (ordinal < 0 || ordinal >= count)
            throw new OptionException(count == 0
                ? "the NVIDIA driver sees no GPU"
                : $"there is no cuda:{ordinal}; this machine has cuda:0{(count > 1 ? $" … cuda:{count - 1}" : "")}");
        cuDeviceGet(out int device, ordinal).ThrowIfFailed();
        return device;
    }
}
