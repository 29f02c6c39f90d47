using NativeRetrieval.Cuda.Runtime;
using static NativeRetrieval.Cuda.Interop.Driver.DriverApi;

namespace NativeRetrieval.Cuda.Interop.Driver;

/// <summary>A mark in a stream.</summary>
[NativeName("CUevent")]
internal sealed class EventHandle(nint value, CudaContext context, bool owns = true) : ContextBoundHandle(value, context, owns)
{
    protected override bool Destroy() => cuEventDestroy_v2(handle) == DriverResult.Success;
}
