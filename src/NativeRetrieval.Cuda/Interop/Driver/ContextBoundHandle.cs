using NativeRetrieval.Cuda.Runtime;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>
/// A handle that lives in a context: the context must be current where it is released, and the finalizer's thread has none.
/// Once the context is gone, the driver has released everything in it.
/// </summary>
internal abstract class ContextBoundHandle(nint value, CudaContext context, bool owns) : NativeHandle(value, owns)
{
    protected CudaContext Context => context;

    protected sealed override bool ReleaseHandle()
    {
        if (!context.TryEnter(out var scope)) return true;
        using (scope) return Destroy();
    }

    /// <summary>Releases the handle; its context is current.</summary>
    protected abstract bool Destroy();
}
