using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>A stream of this process, or one that a host lends. 0 is the legacy default stream and is lent too.</summary>
[NativeName("CUstream")]
internal sealed class StreamHandle(nint value, CudaContext context, bool owns = true) : ContextBoundHandle(value, context, owns)
{
    protected override bool Destroy() => cuStreamDestroy_v2(handle) == DriverResult.Success;
}
