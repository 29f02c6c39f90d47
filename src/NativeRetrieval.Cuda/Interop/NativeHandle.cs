using System.Runtime.InteropServices;

namespace NativeRetrieval.Cuda.Interop;

/// <summary>
/// An opaque pointer of an NVIDIA library. It is released once, on whichever thread; a release that fails is silent, because
/// nothing can be done about it.
/// </summary>
internal abstract class NativeHandle : SafeHandle
{
    /// <param name="owns">False for a handle that belongs to the host: it is never released here.</param>
    protected NativeHandle(nint value, bool owns) : base(0, owns) => SetHandle(value);

    public override bool IsInvalid => handle == 0;
}
