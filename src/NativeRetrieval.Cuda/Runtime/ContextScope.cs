using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Runtime;

/// <summary>The time during which a context is current on a thread. Afterwards the one before is, which may be a host's own.</summary>
public readonly ref struct ContextScope
{
    readonly nint _before;
    readonly bool _changed;
    readonly CudaContext? _outer;

    internal ContextScope(nint before, bool changed, CudaContext? outer) => (_before, _changed, _outer) = (before, changed, outer);

    /// <summary>Makes the context before current again; call it on the thread that entered.</summary>
    public void Dispose()
    {
        CudaContext.Current = _outer;
        // A context that cannot be restored was destroyed meanwhile by its owner; the thread then has none.
        if (_changed) _ = cuCtxSetCurrent(_before);
    }
}
