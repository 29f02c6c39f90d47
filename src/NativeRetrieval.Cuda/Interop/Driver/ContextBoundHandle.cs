using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

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

/// <summary>One retain of a device's primary context, which every CUDA library of the process shares.</summary>
[NativeName("CUcontext")]
internal sealed class PrimaryContextHandle(nint context, int device) : NativeHandle(context, owns: true)
{
    protected override bool ReleaseHandle() => cuDevicePrimaryCtxRelease_v2(device) == DriverResult.Success;
}
